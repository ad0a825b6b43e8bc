"""Answering: through the outbox, never past somebody else's answer, and back while it has not left."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.conversations.models import Conversation, Direction, Message
from inbox.database import Database
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from tests.making import hear_from_outside

Heard = Callable[..., Conversation]


def deliveries(house: Database) -> list[Delivery]:
    with house.reading() as session:
        return list(session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def send(client: Any, conversation: Conversation, text: str = "Thank you", version: int | str | None = None) -> Any:
    seen = conversation.version if version is None else version
    return client.post(f"/conversations/{conversation.id}/replies", data={"text": text, "seen_version": seen})


def test_an_answer_waits_in_the_outbox_and_shows_its_state(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    assert send(client, conversation).status_code == 303
    [delivery] = deliveries(house)
    assert delivery.state == DeliveryState.QUEUED
    page = client.get(f"/conversations/{conversation.id}").text
    assert "data-leaves-at" in page
    assert f"/deliveries/{delivery.id}/cancellation" in page


def test_undo_brings_the_text_back(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    send(client, conversation, "My long answer")
    client.post(f"/deliveries/{deliveries(house)[0].id}/cancellation")
    assert deliveries(house)[0].state == DeliveryState.CANCELLED
    page = client.get(f"/conversations/{conversation.id}").text
    assert "My long answer</textarea>" in page
    assert "data-leaves-at" not in page


def test_undo_after_it_left_says_so(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    send(client, conversation)
    with house.writing() as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
    client.post(f"/deliveries/{deliveries(house)[0].id}/cancellation")
    assert "cannot be taken back" in client.get(f"/conversations/{conversation.id}").text


def test_whoever_was_overtaken_keeps_the_text_and_sees_what_is_new(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    with house.writing() as session:
        hear_from_outside(session, session.get_one(Conversation, conversation.id), "I have found it myself")
    refused = send(client, conversation, "Look behind the shed")
    assert refused.status_code == 409
    assert "Look behind the shed</textarea>" in refused.text
    assert "I have found it myself" in refused.text
    assert deliveries(house) == []
    assert send(client, conversation, "Look behind the shed", conversation.version + 1).status_code == 303


@pytest.mark.parametrize("version", ["", "x", "-5", "9" * 30])
def test_a_strange_version_sends_nothing(client: Any, heard: Heard, house: Database, version: str) -> None:
    conversation = heard("Hello")
    assert send(client, conversation, "text", version).status_code == 409
    assert deliveries(house) == []


@pytest.mark.parametrize("text", ["", "   \n", "x" * 501, "👩‍👩‍👧" * 501])
def test_empty_and_too_long_answers_are_refused_with_their_text(
    client: Any, heard: Heard, house: Database, text: str
) -> None:
    conversation = heard("Hello")
    refused = send(client, conversation, text)
    assert refused.status_code == 409
    assert text.strip() in refused.text
    assert deliveries(house) == []


def test_length_is_counted_as_the_platform_counts(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    assert send(client, conversation, "👩‍👩‍👧" * 500).status_code == 303
    assert len(deliveries(house)) == 1


def test_a_person_decides_about_an_answer_that_may_have_arrived(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    send(client, conversation)
    with house.writing() as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.UNSURE, look_at=None))
    page = client.get(f"/conversations/{conversation.id}").text
    assert "It arrived" in page
    delivery_id = deliveries(house)[0].id
    assert client.post(f"/deliveries/{delivery_id}/resolution", data={"answer": "maybe"}).status_code == 422
    client.post(f"/deliveries/{delivery_id}/resolution", data={"answer": "arrived"})
    assert deliveries(house)[0].state == DeliveryState.SENT


def test_a_delivery_that_is_no_answer_is_not_decided_here(client: Any, house: Database) -> None:
    with house.writing() as session:
        mail = Delivery(key="m", kind=DeliveryKind.MAIL)
        session.add(mail)
        session.flush()
        number = mail.id
    assert client.post(f"/deliveries/{number}/cancellation").status_code == 404


def test_a_channel_without_answers_offers_notes_only(client: Any, heard: Heard) -> None:
    conversation = heard("Hello", kind="rss")
    page = client.get(f"/conversations/{conversation.id}").text
    assert "cannot be answered from here" in page
    assert 'id="mode-reply"' not in page


def test_an_act_asks_for_the_platform_and_can_be_taken_back(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("You fools")
    with house.reading() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == Direction.IN)).one()
    answer = client.post(f"/messages/{message.id}/acts", data={"act": "block", "reason": "insult"})
    assert answer.status_code == 303
    [delivery] = deliveries(house)
    assert delivery.payload["name"] == "block"
    assert "insult" in client.get(f"/conversations/{conversation.id}").text
    client.post(f"/deliveries/{delivery.id}/cancellation")
    assert deliveries(house)[0].state == DeliveryState.CANCELLED
    assert client.post(f"/messages/{message.id}/acts", data={"act": "explode"}).status_code == 422
