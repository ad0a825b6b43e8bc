"""Ingest: what was deleted at its source comes back when its platform shows it again, and by nothing older."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import totals
from inbox.channels.models import Channel, Stream, Tombstone
from inbox.clock import now
from inbox.connectors.contract import Deletion, IncomingAttachment, IncomingMessage
from inbox.conversations.attach import attach
from inbox.conversations.close import close
from inbox.conversations.ingest import ingest
from inbox.conversations.list_arrivals import Place, list_arrivals
from inbox.conversations.models import Attachment, ConversationState, Message
from tests.incoming import TOM, Statements, batch_of, minute, written
from tests.making import make_channel, make_teammate
from tests.taking import number, one, take, thread


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


@pytest.fixture
def stream(session: Session, channel: Channel) -> Stream:
    row = Stream(channel_id=channel.id, name="mentions", due_at=now())
    session.add(row)
    session.flush()
    return row


def told_before(session: Session, ago: timedelta) -> None:
    """What we were told of happened that much earlier."""
    for table in (Message, Tombstone):
        session.execute(sa.update(table).values(told_at=now() - ago, deleted_at=now() - ago))
    session.expire_all()


def poll(session: Session, stream: Stream, *messages: IncomingMessage) -> None:
    ingest(session, stream.channel, "mentions", batch_of(*messages), stream=stream)
    session.expire_all()


def deleted(session: Session, channel: Channel, ago: timedelta = timedelta(hours=1)) -> None:
    take(session, channel, written("1", minute=1))
    take(session, channel, deletions=[Deletion("1")])
    told_before(session, ago)


def test_a_deletion_that_was_undone_is_undone_here(session: Session, channel: Channel, stream: Stream) -> None:
    deleted(session, channel)
    poll(session, stream, written("1", "Where is the rake, please?", minute=1))
    back = one(session)
    assert (back.text, back.deleted_at, back.labelled_at) == ("Where is the rake, please?", None, None)
    assert back.ask_again_at is not None or back.posted_at < now() - timedelta(days=30)
    assert (thread(session).preview, thread(session).waiting_since) == ("Where is the rake, please?", minute(1))


def test_a_page_that_overlaps_brings_nothing_back(session: Session, channel: Channel, stream: Stream) -> None:
    deleted(session, channel, ago=timedelta(minutes=2))
    poll(session, stream, written("1"))
    assert (one(session).text, bool(one(session).deleted_at)) == ("", True)


def test_a_delivery_that_is_repeated_brings_nothing_back(session: Session, channel: Channel) -> None:
    deleted(session, channel)
    take(session, channel, written("1"), written("1", edited_at=minute(5)))
    assert one(session).text == ""


def test_an_edit_after_the_deletion_brings_it_back_at_once(session: Session, channel: Channel) -> None:
    deleted(session, channel, ago=timedelta(minutes=2))
    take(session, channel, written("1", "Here again", edited_at=now()))
    assert (one(session).text, one(session).deleted_at) == ("Here again", None)


def test_an_edit_that_never_was_brings_nothing_back(session: Session, channel: Channel) -> None:
    deleted(session, channel, ago=timedelta(minutes=2))
    take(session, channel, written("1", edited_at=datetime(1970, 1, 1, tzinfo=UTC)))
    assert one(session).text == ""


def test_nobody_brings_back_what_another_wrote(session: Session, channel: Channel, stream: Stream) -> None:
    deleted(session, channel)
    poll(session, stream, written("1", "Forged", author=TOM))
    assert one(session).text == ""


def test_words_that_had_to_be_erased_stay_erased(session: Session, channel: Channel, stream: Stream) -> None:
    deleted(session, channel)
    session.execute(sa.update(Message).values(expired_at=now()))
    poll(session, stream, written("1"))
    assert one(session).text == ""


def test_what_was_never_seen_is_stored_when_it_is_there_again(
    session: Session, channel: Channel, stream: Stream
) -> None:
    take(session, channel, deletions=[Deletion("1")])
    told_before(session, timedelta(hours=1))
    poll(session, stream, written("1"), written("1"))
    assert (one(session).text, one(session).deleted_at, number(session, Tombstone)) == ("Where is the rake?", None, 0)
    told_on = (now() - timedelta(hours=1)).date()
    assert [row.external_id for row in list_arrivals(session, channel.id, told_on, Place.TOMBSTONED)] == ["1"]
    counts = totals(session, channel.id)
    assert counts.fetched == counts.stored + counts.duplicate + counts.tombstoned == 3


def test_a_conversation_that_was_closed_stays_closed(session: Session, channel: Channel, stream: Stream) -> None:
    deleted(session, channel)
    close(session, thread(session), by=make_teammate(session))
    poll(session, stream, written("1"))
    assert (one(session).deleted_at, thread(session).state) == (None, ConversationState.CLOSED)


def test_its_files_come_back_too(session: Session, channel: Channel, stream: Stream, tmp_path: object) -> None:
    deleted(session, channel)
    photo = IncomingAttachment("rake.png", "image/png", 4, b"rake")
    batch = attach(tmp_path, batch_of(written("1", attachments=(photo,))))  # type: ignore[arg-type]
    ingest(session, channel, "mentions", batch, stream=stream)
    assert number(session, Attachment) == 1


def test_thousands_come_back_in_as_many_statements_as_one(session: Session, channel: Channel, stream: Stream) -> None:
    def counted(first: int, last: int) -> int:
        keys = [str(each) for each in range(first, last)]
        take(session, channel, *(written(key) for key in keys))
        take(session, channel, deletions=[Deletion(key) for key in [*keys, *(f"unseen {key}" for key in keys)]])
        told_before(session, timedelta(hours=1))
        began = time.perf_counter()
        with Statements(session) as statements:
            poll(session, stream, *(written(key) for key in [*keys, *(f"unseen {key}" for key in keys)]))
        # One look at each, not at each for each: that took half a minute on SQLite.
        assert time.perf_counter() - began < 15
        return len(statements.seen)

    one_of_each = counted(0, 1)
    assert counted(1, 5_001) <= one_of_each
    assert number(session, Tombstone) == 0
