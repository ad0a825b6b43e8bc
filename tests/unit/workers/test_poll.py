"""The poll recipe: what is due is read, stored once, and what goes wrong says so."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.due import ClaimLost, claim_due, hold
from inbox.channels.ledger import Counts, totals
from inbox.channels.models import Channel, ChannelState, QuarantinedItem, Stream
from inbox.clock import now
from inbox.config import Settings
from inbox.conversations import ingest as ingest_module
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.vault import open_vault
from tests.pages import pages_channel, use_pages, write_pages
from workers import opened
from workers import poll as recipe
from workers.poll import poll, poll_stream

PAGES = [[["1", "one"], ["2", "two"]], [["2", "two"], ["3", "three"]], [["1", None]]]


@pytest.fixture(autouse=True)
def pages(database: Database, settings: Settings) -> Iterator[None]:
    use_pages()
    yield
    if recipe._pollers.cache_info().currsize:
        for thread in list(recipe._pollers().running.values()):
            thread.join(10)
    recipe._pollers.cache_clear()
    for cached in (opened.open_database, opened.open_vault):
        if cached.cache_info().currsize and cached is opened.open_database:
            opened.open_database().dispose()
        cached.cache_clear()


def texts(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {message.external_id or "": message.text for message in session.scalars(sa.select(Message))}


def connect(database: Database, path: Path, **settings: object) -> int:
    with database.writing() as session:
        return pages_channel(session, path, **settings).id


def find(database: Database, channel_id: int) -> tuple[Channel, Stream]:
    with database.reading() as session:
        channel = session.get_one(Channel, channel_id)
        return channel, session.scalars(sa.select(Stream).where(Stream.channel_id == channel_id)).one()


def make_due(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(Stream).values(due_at=now()))


def test_every_page_is_stored_with_its_cursor_and_the_next_turn_is_set(database: Database, tmp_path: Path) -> None:
    number = connect(database, write_pages(tmp_path / "garden.json", *PAGES))
    poll()
    assert texts(database) == {"1": "", "2": "two", "3": "three"}
    channel, stream = find(database, number)
    assert stream.cursor == {"page": 3}
    assert (stream.claim, stream.claimed_until, stream.failures, stream.last_error) == ("", None, 0, "")
    assert timedelta(seconds=50) < stream.due_at - now() < timedelta(seconds=70)  # type: ignore[operator]
    assert channel.last_success_at
    with database.reading() as session:
        assert totals(session, number) == Counts(fetched=5, stored=3, duplicate=1, tombstoned=1)


def test_a_second_poll_stores_nothing(database: Database, tmp_path: Path) -> None:
    number = connect(database, write_pages(tmp_path / "garden.json", *PAGES))
    poll()
    before = texts(database)
    make_due(database)
    poll()
    assert texts(database) == before
    with database.reading() as session:
        assert totals(session, number).stored == 3
        assert totals(session, number).balances


def test_a_stream_that_a_newer_version_brings_is_added(database: Database, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "garden.json", *PAGES)
    connect(database, path)
    path.write_text(path.read_text().replace('{"all"', '{"mentions": [[["7.7", "new"]]], "all"'))
    poll()
    assert "7.7" in texts(database)
    with database.reading() as session:
        cursors = {stream.name: stream.cursor for stream in session.scalars(sa.select(Stream))}
    assert cursors == {"all": {"page": 3}, "mentions": {"page": 1}}


def test_nothing_due_is_nothing_done(database: Database) -> None:
    poll()
    assert texts(database) == {}


def test_a_blip_is_kept_and_tried_again_later_from_where_it_stopped(database: Database, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "garden.json", *PAGES)
    number = connect(database, path, fail_at=1)
    poll()
    channel, stream = find(database, number)
    assert (channel.state, channel.last_error) == (ChannelState.ACTIVE, "The platform is away for a moment.")
    assert (stream.failures, stream.cursor) == (1, {"page": 1})
    assert stream.due_at
    assert stream.due_at > now()
    with database.writing() as session:
        session.get_one(Channel, number).settings = {"file": str(path)}
    make_due(database)
    poll()
    channel, stream = find(database, number)
    assert (channel.last_error, stream.failures, stream.cursor) == ("", 0, {"page": 3})


def test_what_only_a_person_can_mend_breaks_the_channel(database: Database, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "garden.json", *PAGES)
    number = connect(database, path)
    with database.writing() as session:
        session.get_one(Channel, number).settings = {"file": str(path), "key": "wrong"}
    poll()
    channel, _ = find(database, number)
    assert (channel.state, channel.last_error) == (ChannelState.BROKEN, "The key is wrong; make a new one.")
    make_due(database)
    with database.writing() as session:
        assert claim_due(session, limit=9) == []


def test_a_channel_that_does_not_open_is_broken_and_the_others_go_on(database: Database, tmp_path: Path) -> None:
    good = connect(database, write_pages(tmp_path / "good.json", *PAGES))
    bad = connect(database, write_pages(tmp_path / "bad.json", *PAGES), nonsense=1)
    with database.writing() as session:
        session.add(Channel(kind="myspace", name="old", streams=[Stream(name="all")]))
    poll()
    assert find(database, good)[0].last_success_at
    assert find(database, bad)[0].state == ChannelState.BROKEN
    with database.reading() as session:
        old = session.scalars(sa.select(Channel).where(Channel.kind == "myspace")).one()
        assert (old.state, "knows no channel of the kind myspace" in old.last_error) == (ChannelState.BROKEN, True)


def test_a_slow_platform_delays_neither_the_others_nor_the_worker(database: Database, tmp_path: Path) -> None:
    slow = connect(database, write_pages(tmp_path / "slow.json", *PAGES), slow_seconds=1.0)
    quick = connect(database, write_pages(tmp_path / "quick.json", [["9.1", "quick"]]))
    begin = time.monotonic()
    poll(patience=0.6)
    assert time.monotonic() - begin < 2.0
    assert find(database, quick)[0].last_success_at
    assert find(database, slow)[0].last_success_at is None
    for thread in list(recipe._pollers().running.values()):
        thread.join(10)
    assert find(database, slow)[0].last_success_at


def test_a_stream_is_polled_by_one_at_a_time(database: Database, tmp_path: Path) -> None:
    for each in range(6):
        connect(database, write_pages(tmp_path / f"{each}.json", [[f"{each}.1", "x"]]))
    claimed: list[int] = []

    def claim() -> None:
        with database.writing() as session:
            claimed.extend(one.stream_id for one in claim_due(session, limit=4))

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 6


def test_a_lost_claim_writes_nothing(database: Database, settings: Settings, tmp_path: Path) -> None:
    connect(database, write_pages(tmp_path / "garden.json", *PAGES))
    with database.writing() as session:
        (mine,) = claim_due(session, limit=1)
        session.execute(sa.update(Stream).values(claimed_until=now() - timedelta(seconds=1)))
    with database.writing() as session:
        (other,) = claim_due(session, limit=1)
    with pytest.raises(ClaimLost):
        poll_stream(mine, database, open_vault(settings), settings)
    assert texts(database) == {}
    poll_stream(other, database, open_vault(settings), settings)
    assert len(texts(database)) == 3


def test_a_running_claim_is_not_taken_and_a_dead_one_is(database: Database, tmp_path: Path) -> None:
    connect(database, write_pages(tmp_path / "garden.json", *PAGES))
    with database.writing() as session:
        (mine,) = claim_due(session, limit=1)
        assert claim_due(session, limit=1) == []
        assert hold(session, mine).claimed_until
        session.execute(sa.update(Stream).values(claimed_until=now() - timedelta(seconds=1)))
        assert len(claim_due(session, limit=1)) == 1


def test_one_item_that_the_database_refuses_does_not_block_the_rest(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = connect(database, write_pages(tmp_path / "garden.json", [["1", "one"], ["2", "poison"], ["3", "three"]]))
    add = ingest_module.add_messages

    def refuse(session: Session, channel_id: int, messages: list[Message], *rest: object) -> None:
        add(session, channel_id, messages, *rest)  # type: ignore[arg-type]
        if any(message.text == "poison" for message in messages):
            raise sa.exc.DataError("INSERT", {}, ValueError("no"))

    monkeypatch.setattr(ingest_module, "add_messages", refuse)
    poll()
    assert texts(database) == {"1": "one", "3": "three"}
    with database.reading() as session:
        item = session.scalars(sa.select(QuarantinedItem)).one()
        assert (item.external_id, item.reason) == ("2", "The database refused it (ValueError).")
        assert totals(session, number) == Counts(fetched=3, stored=2, quarantined=1)


def test_a_mistake_of_ours_is_told_and_tried_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = connect(database, write_pages(tmp_path / "garden.json", *PAGES))
    with monkeypatch.context() as broken:
        broken.setattr(recipe, "attach", lambda *_: 1 / 0)
        poll()
    channel, stream = find(database, number)
    assert (channel.state, stream.failures, stream.claim, stream.cursor) == (ChannelState.ACTIVE, 1, "", None)
    assert "ZeroDivisionError" in channel.last_error
    make_due(database)
    poll()
    assert len(texts(database)) == 3


def test_a_stream_that_is_paused_meanwhile_stores_nothing_more(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    from inbox.channels.edit import pause

    number = connect(database, write_pages(tmp_path / "garden.json", *PAGES))
    with database.writing() as session:
        (mine,) = claim_due(session, limit=1)
        pause(session, session.get_one(Channel, number))
    with pytest.raises(ClaimLost):
        poll_stream(mine, database, open_vault(settings), settings)
    assert texts(database) == {}


def test_many_slow_platforms_stand_in_nobodys_way(database: Database, tmp_path: Path) -> None:
    for number in range(10):
        connect(database, write_pages(tmp_path / f"slow{number}.json", [["s", "late"]]), slow_seconds=5.0)
    with database.writing() as session:
        session.execute(sa.update(Stream).values(due_at=now() - timedelta(minutes=1)))
    quick = connect(database, write_pages(tmp_path / "quick.json", [["q", "at once"]]))
    poll(patience=3.5)
    assert find(database, quick)[1].cursor == {"page": 1}
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Stream.cursor.is_not(None))) == 1
