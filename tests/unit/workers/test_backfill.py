"""A walk into a channel's past: beside the stream, resumable, with progress, and gone when it has arrived."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from inbox.activity.models import Activity
from inbox.channels.backfill import backfill, stop_backfill
from inbox.channels.due import ClaimLost
from inbox.channels.ledger import totals
from inbox.channels.models import Channel, Stream
from inbox.clock import now
from inbox.config import Settings
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.vault import open_vault
from tests.making import make_teammate
from tests.pages import claim_due, pages_channel, use_pages, write_pages
from workers.read_stream import read_stream

PAGES = [[["1", "one"], ["2", "two"]], [["3", "three"]], [["4", "four"]]]


@pytest.fixture(autouse=True)
def pages(database: Database, settings: Settings) -> None:
    use_pages()


@pytest.fixture
def number(database: Database, tmp_path: Path) -> int:
    """A channel whose stream stands at the end of its pages and has stored nothing of them."""
    with database.writing() as session:
        channel = pages_channel(session, write_pages(tmp_path / "garden.json", *PAGES))
        session.execute(sa.update(Stream).values(cursor={"page": 3}, due_at=now() + timedelta(hours=1)))
        backfill(session, channel, now() - timedelta(days=90), by=make_teammate(session))
        return channel.id


def run(database: Database, settings: Settings, **changed: object) -> None:
    """Claim the walk and read it, with other settings of the channel when given."""
    with database.writing() as session:
        for channel in session.scalars(sa.select(Channel)):
            channel.settings = {"file": channel.settings["file"], **changed}
        session.execute(sa.update(Stream).where(Stream.past_of != "").values(due_at=now()))
        session.flush()
        (claimed,) = claim_due(session, limit=5)
    read_stream(claimed, database, open_vault(settings), settings)


def walk_of(database: Database) -> Stream | None:
    with database.reading() as session:
        return session.scalar(sa.select(Stream).where(Stream.past_of != ""))


def test_the_past_is_fetched_once_and_the_stream_keeps_its_place(
    database: Database, settings: Settings, number: int
) -> None:
    run(database, settings)
    assert walk_of(database) is None
    with database.reading() as session:
        assert totals(session, number).stored == 4
        assert session.scalars(sa.select(Stream)).one().cursor == {"page": 3}
        assert session.scalar(sa.select(Activity.verb).order_by(Activity.id.desc())) == "channel.backfilled"


def test_it_goes_on_where_it_stopped_and_says_how_far_it_is(
    database: Database, settings: Settings, number: int
) -> None:
    run(database, settings, fail_at=1)
    stopped = walk_of(database)
    assert stopped
    assert (stopped.fetched, stopped.cursor, stopped.failures) == (2, {"page": 1}, 1)
    run(database, settings, fail_at=2)
    going = walk_of(database)
    assert going
    assert going.cursor == {"page": 2}
    run(database, settings)
    assert walk_of(database) is None
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 4
        assert totals(session, number).balances


def test_asking_twice_walks_once(database: Database, number: int) -> None:
    with database.writing() as session:
        backfill(session, session.get_one(Channel, number), now(), by=make_teammate(session, "Bo"))
    with database.reading() as session:
        assert len(session.scalars(sa.select(Stream).where(Stream.past_of != "")).all()) == 1


def test_a_stopped_walk_stores_nothing_more(database: Database, settings: Settings, number: int) -> None:
    with database.writing() as session:
        (claimed,) = claim_due(session, limit=5)
    with database.writing() as session:
        stop_backfill(session, session.get_one(Channel, number), by=make_teammate(session, "Bo"))
    with pytest.raises(ClaimLost):
        read_stream(claimed, database, open_vault(settings), settings)
    with database.reading() as session:
        assert totals(session, number).stored == 0
