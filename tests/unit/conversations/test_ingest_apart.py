"""When the database refuses a batch, what it refused is found, and the rest is stored and told as always."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts, totals
from inbox.channels.models import QuarantinedItem, Stream
from inbox.connectors.contract import BadItem, Batch, Deletion
from inbox.conversations import ingest as module
from inbox.conversations.ingest_apart import ingest_apart
from inbox.conversations.ingest_brought import ingest_brought
from inbox.conversations.models import Message
from inbox.database import Database
from tests.incoming import written
from tests.making import make_channel

BATCH = Batch(
    messages=[written("1"), written("2", "poison"), written("3", minute=1)],
    deletions=[Deletion("3"), Deletion("9")],
    bad=[BadItem("broken", "{")],
    filtered=1,
    cursor={"after": 3},
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What rang or was told to browsers; the database refuses poison."""
    heard: list[Any] = []
    monkeypatch.setattr("inbox.jobs.ring", heard.append)
    monkeypatch.setattr("inbox.live.tell", lambda news: heard.append(news["kind"]))
    add = module.add_messages

    def refuse(session: Session, channel_id: int, messages: list[Any], *rest: Any) -> None:
        add(session, channel_id, messages, *rest)
        if any(message.text == "poison" for message in messages):
            raise sa.exc.DataError("INSERT", {}, ValueError("no"))

    monkeypatch.setattr(module, "add_messages", refuse)
    return heard


def test_only_what_is_refused_goes_to_quarantine(database: Database, told: list[Any]) -> None:
    with database.writing() as session:
        channel = make_channel(session)
        stream = Stream(channel_id=channel.id, name="m")
        session.add(stream)
        session.flush()
        counts = ingest_apart(session, channel, "m", BATCH, stream=stream)
        assert counts.balances
        assert counts == Counts(fetched=7, stored=2, filtered=1, quarantined=2, tombstoned=2)
        assert counts == totals(session, channel.id)
        assert stream.cursor == {"after": 3}
        assert set(session.scalars(sa.select(QuarantinedItem.reason))) == {
            "broken",
            "The database refused it (ValueError).",
        }
        assert set(session.scalars(sa.select(Message.external_id))) == {"1", "3"}
        # Savepoints have ended on the way, but nobody else sees the rows yet.
        assert told == []


def test_what_is_brought_once_is_stored_but_for_what_is_refused(database: Database, told: list[Any]) -> None:
    with database.writing() as session:
        channel = make_channel(session)
        counts = ingest_brought(session, channel, "m", BATCH)
        assert (
            counts
            == totals(session, channel.id)
            == Counts(fetched=7, stored=2, filtered=1, quarantined=2, tombstoned=2)
        )
    with database.reading() as session:
        assert set(session.scalars(sa.select(Message.external_id))) == {"1", "3"}


def test_a_lock_says_nothing_about_the_item(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, ValueError("database is locked"))

    monkeypatch.setattr(module, "add_messages", busy)
    with pytest.raises(sa.exc.OperationalError), database.writing() as session:
        ingest_apart(session, make_channel(session), "m", BATCH)
    with database.reading() as session:
        assert session.scalars(sa.select(QuarantinedItem)).all() == []
