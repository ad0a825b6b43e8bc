"""What failed at a platform is said to somebody who reads German in German, also long after it was stored."""

from typing import Any

import httpx
import pytest

from inbox.channels.health import failed
from inbox.channels.models import Channel, Stream
from inbox.clock import now
from inbox.connectors.contract import BadItem, ConnectorError
from inbox.connectors.http import raise_for_status
from inbox.connectors.read_each import read_each
from inbox.conversations.ingest import ingest
from inbox.database import Database
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.sentence import N_
from tests.incoming import batch_of
from tests.making import make_channel, make_conversation, make_message

REQUEST = httpx.Request("GET", "https://forum.example/posts")


def refusal(status: int, **answer: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        raise_for_status(httpx.Response(status, json=answer, request=REQUEST))
    return caught.value


@pytest.fixture
def channel_id(house: Database) -> int:
    with house.writing() as session:
        channel = make_channel(session, name="Garden")
        session.add(Stream(channel_id=channel.id, name="mentions", due_at=now()))
        return channel.id


def page(sign_in_as: Any, address: str) -> str:
    return str(sign_in_as("admin", language="de").get(address).text)


def test_a_poll_that_failed(sign_in_as: Any, house: Database, channel_id: int) -> None:
    with house.writing() as session:
        failed(session, session.get_one(Channel, channel_id).streams[0], refusal(503, message="Wartung"))
    shown = page(sign_in_as, f"/channels/{channel_id}")
    assert shown.count("forum.example antwortet mit 503: &#34;Wartung&#34;.") == 2
    assert "answered 503" not in shown
    api = sign_in_as("admin", language="de").get("/channels").text
    assert "answered 503" not in api


def test_a_connection_that_broke(sign_in_as: Any, house: Database, channel_id: int) -> None:
    with house.writing() as session:
        failed(session, session.get_one(Channel, channel_id).streams[0], refusal(401))
    assert "nimmt die Zugangsdaten nicht an; bitte neu verbinden." in page(sign_in_as, f"/channels/{channel_id}")


def test_an_item_that_cannot_be_read(sign_in_as: Any, house: Database, channel_id: int) -> None:
    def read(item: Any) -> Any:
        raise ValueError(N_("it has no id or no words"))

    with house.writing() as session:
        bad: list[BadItem] = read_each([{"words": 7}], read).bad
        ingest(session, session.get_one(Channel, channel_id), "mentions", batch_of(bad=bad))
    assert "es hat keine Kennung oder keine Worte" in page(sign_in_as, f"/channels/{channel_id}/quarantine")


def test_an_answer_that_did_not_leave(sign_in_as: Any, house: Database, channel_id: int) -> None:
    with house.writing() as session:
        conversation = make_conversation(session, session.get_one(Channel, channel_id))
        answer = make_message(session, conversation, "Im Schuppen.", direction="out")
        why = N_("Given up after %(number)s attempts: %(reason)s", number=9, reason=refusal(503).sentence)
        answer.delivery = Delivery(
            key="k",
            kind=DeliveryKind.REPLY,
            state=DeliveryState.FAILED,
            channel_id=channel_id,
            subject_kind="message",
            subject_id=answer.id,
            last_error=why,
        )
        number = conversation.id
    shown = page(sign_in_as, f"/conversations/{number}")
    assert "Nach 9 Versuchen aufgegeben: forum.example antwortet mit 503." in shown
