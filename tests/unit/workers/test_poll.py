"""The poll recipe: what is due is read, stored once, and what goes wrong says so."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.due import ClaimLost, find_due, hold
from inbox.channels.ledger import Counts, totals
from inbox.channels.models import Channel, ChannelState, QuarantinedItem, Stream
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import Batch, Passing
from inbox.conversations import ingest as ingest_module
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.vault import open_vault
from tests.pages import Pages, claim_due, pages_channel, use_pages, write_pages
from workers import read_stream as reading
from workers.poll import leave, poll
from workers.read_stream import read_stream

# Nothing here takes as long; who waits for less says so.
LONG = 20.0
PAGES = [[["1", "one"], ["2", "two"]], [["2", "two"], ["3", "three"]], [["1", None]]]


@pytest.fixture(autouse=True)
def pages(database: Database, settings: Settings) -> None:
    use_pages()


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
    poll(LONG)
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
    poll(LONG)
    before = texts(database)
    make_due(database)
    poll(LONG)
    assert texts(database) == before
    with database.reading() as session:
        assert totals(session, number).stored == 3
        assert totals(session, number).balances


def test_a_stream_that_a_newer_version_brings_is_added(database: Database, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "garden.json", *PAGES)
    connect(database, path)
    path.write_text(path.read_text().replace('{"all"', '{"mentions": [[["7.7", "new"]]], "all"'))
    poll(LONG)
    assert "7.7" in texts(database)
    with database.reading() as session:
        cursors = {stream.name: stream.cursor for stream in session.scalars(sa.select(Stream))}
    assert cursors == {"all": {"page": 3}, "mentions": {"page": 1}}


def test_nothing_due_is_nothing_done(database: Database) -> None:
    poll(LONG)
    assert texts(database) == {}


def test_a_blip_is_kept_and_tried_again_later_from_where_it_stopped(database: Database, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "garden.json", *PAGES)
    number = connect(database, path, fail_at=1)
    poll(LONG)
    channel, stream = find(database, number)
    assert (channel.state, channel.last_error) == (ChannelState.ACTIVE, "The platform is away for a moment.")
    assert (stream.failures, stream.cursor) == (1, {"page": 1})
    assert stream.due_at
    assert stream.due_at > now()
    with database.writing() as session:
        session.get_one(Channel, number).settings = {"file": str(path)}
    make_due(database)
    poll(LONG)
    channel, stream = find(database, number)
    assert (channel.last_error, stream.failures, stream.cursor) == ("", 0, {"page": 3})


def test_what_only_a_person_can_mend_breaks_the_channel(database: Database, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "garden.json", *PAGES)
    number = connect(database, path)
    with database.writing() as session:
        session.get_one(Channel, number).settings = {"file": str(path), "key": "wrong"}
    poll(LONG)
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
    poll(LONG)
    assert find(database, good)[0].last_success_at
    assert find(database, bad)[0].state == ChannelState.BROKEN
    with database.reading() as session:
        old = session.scalars(sa.select(Channel).where(Channel.kind == "myspace")).one()
        assert (old.state, "knows no channel of the kind myspace" in old.last_error) == (ChannelState.BROKEN, True)


def test_a_worker_that_stops_gives_back_what_it_reads(database: Database, tmp_path: Path) -> None:
    slow = connect(database, write_pages(tmp_path / "slow.json", *PAGES), slow_seconds=1.0)
    poll(patience=0)
    assert find(database, slow)[1].claim
    leave(patience=0)
    assert find(database, slow)[1].claim == ""
    poll(LONG)
    with database.reading() as session:
        assert totals(session, slow) == Counts(fetched=5, stored=3, duplicate=1, tombstoned=1)


def test_a_stream_is_polled_by_one_at_a_time(database: Database, tmp_path: Path) -> None:
    for each in range(6):
        connect(database, write_pages(tmp_path / f"{each}.json", [[f"{each}.1", "x"]]))
    claimed: list[int] = []

    def claim() -> None:
        with database.writing() as session:
            claimed.extend(one.stream_id for one in claim_due(session, limit=9))

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
        read_stream(mine, database, open_vault(settings), settings)
    assert texts(database) == {}
    read_stream(other, database, open_vault(settings), settings)
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
    poll(LONG)
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
        broken.setattr(reading, "attach", lambda *_: 1 / 0)
        poll(LONG)
    channel, stream = find(database, number)
    assert (channel.state, stream.failures, stream.claim, stream.cursor) == (ChannelState.ACTIVE, 1, "", None)
    assert "ZeroDivisionError" in channel.last_error
    make_due(database)
    poll(LONG)
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
        read_stream(mine, database, open_vault(settings), settings)
    assert texts(database) == {}


class Gate(Pages):
    """Slow ones answer once every quick one has been asked, however long that takes; who waits in vain fails."""

    quick_left: ClassVar[set[str]] = set()
    opened: ClassVar[threading.Event] = threading.Event()

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        self.quick_left.discard(self.settings.file)
        if not self.quick_left:
            self.opened.set()
        if self.settings.slow_seconds and not self.opened.wait(LONG):
            raise Passing("The others were never asked.")
        yield from super().poll(stream, cursor, since)


def test_a_platform_that_answers_only_when_all_others_were_read_delays_none(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "opened", threading.Event())
    monkeypatch.setattr(Gate, "quick_left", set())
    monkeypatch.setattr("inbox.channels.open.channel_connector", lambda _kind: Gate)
    with database.writing() as session:
        for number in range(20):
            page = write_pages(tmp_path / f"slow{number}.json", [[f"s{number}", "late"]])
            pages_channel(session, page, slow_seconds=0.001).host = "slow.example"
        session.execute(sa.update(Stream).values(due_at=now() - timedelta(minutes=1)))
        for number in range(20):
            page = write_pages(tmp_path / f"quick{number}.json", [[f"q{number}", "at once"]])
            pages_channel(session, page).host = f"quick{number % 2}.example"
            Gate.quick_left.add(str(page))
    poll(LONG)
    with database.reading() as session:
        assert session.scalars(sa.select(Stream.last_error).distinct()).all() == [""]
        assert session.scalar(sa.select(sa.func.count()).where(Stream.cursor.is_not(None))) == 40
    assert len(texts(database)) == 40


def test_after_an_outage_every_host_begins_with_what_waited_longest(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        for number in range(30):
            page = write_pages(tmp_path / f"{number}.json", [[f"{number}", "x"]])
            pages_channel(session, page).host = "busy.example" if number < 25 else "rare.example"
        streams = session.scalars(sa.select(Stream).order_by(Stream.id)).all()
        for stream in streams:
            stream.due_at = now() - timedelta(
                hours=2 if stream.channel.host == "busy.example" else 1, minutes=stream.id
            )
        session.flush()
        due = list(find_due(session))
    assert [host for _number, host in due] == ["busy.example"] * 25 + ["rare.example"] * 5
    assert [number for number, _host in due] == [s.id for s in (*streams[24::-1], *streams[:24:-1])]
    assert {host for _number, host in find_due_besides(database, "busy.example")} == {"rare.example"}


def find_due_besides(database: Database, host: str) -> Sequence[tuple[int, str]]:
    with database.reading() as session:
        return find_due(session, without=[host])
