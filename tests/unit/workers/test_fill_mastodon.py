"""The whole way of a mention on Mastodon: read, what it answers asked for once, stored with its counts, asked for again."""

import pytest
import sqlalchemy as sa

from inbox.channels.ledger import totals
from inbox.channels.models import Stream
from inbox.channels.open import row_name
from inbox.clock import now
from inbox.config import load_settings
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from inbox.vault import open_vault
from tests.contract.stage_mastodon import MastodonStage
from tests.making import make_channel
from tests.pages import claim_due
from tests.unit.connectors.mastodon_polls import ANA
from workers.read_stream import read_stream
from workers.refetch import refetch

ROOT = "113500000000000100"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> MastodonStage:
    return MastodonStage(monkeypatch)


@pytest.fixture
def number(database: Database, stage: MastodonStage) -> int:
    """A channel on the recorded server, with its stream of mentions."""
    vault = open_vault(load_settings())
    with database.writing() as session:
        channel = make_channel(session, settings={"server": "garten.example"})
        channel.sealed = vault.seal({"access_token": "token-1"}, row=row_name(channel.id))
        session.add(Stream(channel_id=channel.id, name="mentions"))
        return channel.id


def read(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(Stream).values(due_at=now()))
        (claimed,) = claim_due(session, limit=1)
    read_stream(claimed, database, open_vault(load_settings()), load_settings())


def messages(database: Database) -> dict[str, Message]:
    with database.reading() as session:
        return {str(message.external_id): message for message in session.scalars(sa.select(Message))}


def contexts(stage: MastodonStage) -> int:
    return sum(request.url.path.endswith("/context") for request in stage.requests)


def test_our_post_and_the_answer_to_it_are_one_conversation(
    database: Database, stage: MastodonStage, number: int
) -> None:
    read(database)
    found = messages(database)
    assert len(found) == len(stage.items) + 1
    assert found[ANA].conversation_id == found[ROOT].conversation_id
    with database.reading() as session:
        home = session.get_one(Conversation, found[ANA].conversation_id)
        assert (home.external_id, home.message_count) == (ROOT, 2)
        counts = totals(session, number)
    assert (counts.stored, counts.balances) == (6, True)


def test_what_is_known_is_not_asked_for_again(database: Database, stage: MastodonStage, number: int) -> None:
    read(database)
    assert contexts(stage) == 1
    again = stage.named(stage.items[-1], "113500000000000999")
    stage.items = [again, *stage.items]
    read(database)
    found = messages(database)
    assert contexts(stage) == 1
    assert found["113500000000000999"].conversation_id == found[ROOT].conversation_id


def test_its_likes_keep_up_when_it_is_asked_for_again(database: Database, stage: MastodonStage, number: int) -> None:
    read(database)
    assert messages(database)[ANA].metrics == {"likes": 1, "shares": 0, "replies": 0}
    stage.items[-1]["status"] |= {"favourites_count": 12, "reblogs_count": 3}
    with database.writing() as session:
        session.execute(sa.update(Message).values(ask_again_at=now()))
    refetch(20)
    after = messages(database)[ANA]
    assert (after.metrics, after.asked) == ({"likes": 12, "shares": 3, "replies": 0}, 1)
