"""Pages in any order, with any overlap, edits and deletions, end in the same place, and the ledger accounts for all."""

from collections import Counter
from datetime import datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts, totals
from inbox.channels.models import Tombstone
from inbox.connectors.contract import Batch, Deletion
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message, Revision
from inbox.database import Database
from tests.incoming import TOM, US, minute, written
from tests.making import make_channel

# A message is told by its number; version n of it was edited n minutes after an hour.
told = st.tuples(st.integers(0, 9), st.integers(0, 3))
pages = st.lists(st.tuples(st.lists(told, max_size=8), st.lists(st.integers(0, 9), max_size=2)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages)
def run(database: Database, story: list[tuple[list[tuple[int, int]], list[int]]]) -> None:
    with database.writing() as session:
        channel = make_channel(session)
        counts = Counts()
        newest: dict[str, int] = {}
        gone: set[str] = set()
        for messages, deletions in story:
            batch = Batch(
                messages=[_told(number, version) for number, version in messages],
                deletions=[Deletion(str(number)) for number in deletions],
            )
            counts += ingest(session, channel, "m", batch)
            gone |= {str(number) for number in deletions}
            for number, version in messages:
                if str(number) not in gone:
                    newest[str(number)] = max(version, newest.get(str(number), 0))
        session.expire_all()
        assert counts.balances
        assert counts == totals(session, channel.id)
        _check(session, channel.id, newest, gone, counts)


def test_any_story_ends_as_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens here, and asking an absent Valkey each time would take most of the time.
    monkeypatch.setattr("inbox.jobs.ring", lambda *_: True)
    monkeypatch.setattr("inbox.live.tell", lambda _: None)
    run(database)


def _check(session: Session, channel_id: int, newest: dict[str, int], gone: set[str], counts: Counts) -> None:
    rows = list(session.scalars(sa.select(Message).where(Message.channel_id == channel_id)))
    stored = {row.external_id or "": row for row in rows}
    assert len(rows) == len(stored) == counts.stored
    assert set(stored) == set(newest)
    for key, row in stored.items():
        assert bool(row.deleted_at) == (key in gone)
        assert row.text == ("" if key in gone else f"version {newest[key]}")
    buried = session.scalars(sa.select(Tombstone.external_id).where(Tombstone.channel_id == channel_id)).all()
    assert set(buried) == gone - set(newest)
    assert counts.tombstoned == len(gone)
    revisions = sa.select(sa.func.count()).select_from(Revision).join(Message).where(Message.channel_id == channel_id)
    assert (session.scalar(revisions) or 0) <= counts.edited
    threads = session.scalars(sa.select(Conversation).where(Conversation.channel_id == channel_id)).all()
    numbers = Counter(row.conversation_id for row in rows)
    assert {thread.id: thread.message_count for thread in threads} == numbers
    for thread in threads:
        mine = [row for row in rows if row.conversation_id == thread.id]
        assert thread.last_message_at == max(row.posted_at for row in mine)
        # Who was answered does not wait again because we take the answer back.
        if not any(row.direction == "out" and row.deleted_at for row in mine):
            assert thread.waiting_since == _waiting(mine)
        shown = [row for row in mine if row.direction == "in" and not row.deleted_at]
        if shown:
            assert thread.preview == max(shown, key=lambda row: (row.posted_at, row.id)).text


def _waiting(rows: list[Message]) -> datetime | None:
    there = [row for row in rows if not row.deleted_at]
    answered = max((row.posted_at for row in there if row.direction == "out"), default=None)
    asked = [row.posted_at for row in there if row.direction == "in" and (not answered or row.posted_at > answered)]
    return min(asked, default=None)


def _told(number: int, version: int):  # type: ignore[no-untyped-def]
    author = US if number % 5 == 4 else TOM
    edited = minute(60 + version)
    return written(
        str(number), f"version {version}", thread=f"t{number % 3}", minute=number, author=author, edited_at=edited
    )
