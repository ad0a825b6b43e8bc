"""Older messages are asked for again, ever more rarely: late edits and deletions are seen, and terms are kept."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from inbox.channels.ledger import totals
from inbox.channels.models import Channel
from inbox.channels.terms import kinds_asked_again
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors import registry
from inbox.connectors.contract import (
    N_,
    Account,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Known,
    Metric,
    Passing,
    RateLimited,
    Refused,
    Retention,
    Setup,
)
from inbox.connectors.http import Forbidden
from inbox.conversations.ask_again import claim_asks, find_asks
from inbox.conversations.expire import expire, forget_authors
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Attachment, Conversation, Message, Revision
from inbox.conversations.watch import keep_until, next_ask
from inbox.database import Database
from inbox.members.models import Identity, Member
from tests.incoming import MIA, batch_of, written
from workers.refetch import refetch

KIND = "forum"
LONG = 20.0


class Forum(ChannelConnector):
    """Gives messages again, as they stand in `now`; None is gone."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Forum"
    setup: ClassVar[type[Setup]] = Setup
    capabilities: ClassVar[Capabilities] = Capabilities(tells_edits=True, tells_deletes=True, refetches=2)
    now: ClassVar[dict[str, str | None]] = {}
    asked: ClassVar[list[list[str]]] = []
    counts_asked: ClassVar[list[list[str]]] = []
    counts_nothing: ClassVar[Exception | None] = None
    is_away: ClassVar[bool] = False
    trouble: ClassVar[Exception] = Refused("not like this")

    def check(self) -> Account:
        return Account("Forum")

    def metrics(self, known: Sequence[Known]) -> Mapping[str, Mapping[Metric, int]]:
        Forum.counts_asked.append([each.external_id for each in known])
        if self.counts_nothing:
            raise self.counts_nothing
        return {each.external_id: {Metric.LIKES: 12} for each in known}

    def refetch(self, known: Sequence[Known]) -> Batch:
        if self.is_away:
            raise Passing("away")
        if any(each.external_id == "strange" for each in known):
            raise self.trouble
        Forum.asked.append([each.external_id for each in known])
        here = [each for each in known if Forum.now.get(each.external_id) is not None]
        edited = {"edited_at": now()}
        return Batch(
            [written(k.external_id, str(Forum.now[k.external_id]), thread=k.thread_id, **edited) for k in here],
            [Deletion(each.external_id) for each in known if each not in here],
        )


@pytest.fixture(autouse=True)
def forum(monkeypatch: pytest.MonkeyPatch, database: Database, settings: Settings) -> Iterator[None]:
    monkeypatch.setitem(registry.CHANNELS, KIND, "tests.unit.workers.test_refetch:Forum")
    for module in ("abilities", "terms", "open"):
        monkeypatch.setattr(f"inbox.channels.{module}.channel_connector", lambda kind: Forum)
    monkeypatch.setattr(Forum, "asked", [])
    monkeypatch.setattr(Forum, "counts_asked", [])
    monkeypatch.setattr(Forum, "now", {})
    kinds_asked_again.cache_clear()
    yield
    kinds_asked_again.cache_clear()


def store(database: Database, *keys: str, age: timedelta = timedelta(0)) -> int:
    with database.writing() as session:
        channel = session.scalar(sa.select(Channel)) or Channel(kind=KIND, name="Forum")
        session.add(channel)
        session.flush()
        for key in keys:
            Forum.now.setdefault(key, f"words of {key}")
            ingest(session, channel, "all", batch_of(written(key, f"words of {key}", posted_at=now() - age)))
        return channel.id


def turn_up(database: Database, **values: Any) -> None:
    """Let every message be due."""
    with database.writing() as session:
        session.execute(sa.update(Message).where(Message.deleted_at.is_(None)).values(ask_again_at=now(), **values))


def messages(database: Database) -> dict[str, Message]:
    with database.reading() as session:
        return {str(m.external_id): m for m in session.scalars(sa.select(Message).order_by(Message.id))}


def test_the_turns_grow_rarer_and_end_where_no_terms_ask_for_more() -> None:
    posted, turns = now(), []
    moment: datetime | None = posted
    while (moment := next_ask(posted, moment, Retention())) is not None:
        turns.append((moment - posted) / timedelta(hours=1))
    assert turns == [1, 6, 24, 72, 168, 720]
    assert next_ask(posted - timedelta(days=5), posted, Retention()) == posted + timedelta(days=2)


def test_terms_are_never_forgotten() -> None:
    old, moment = now() - timedelta(days=400), now()
    for _ in range(20):
        again = next_ask(old, moment, Retention(refresh_days=30))
        assert again
        assert moment < again < moment + timedelta(days=30)
        moment = again
    assert keep_until(old, moment, Retention(refresh_days=30)) == moment + timedelta(days=30)
    assert keep_until(old, moment, Retention(text_hours=48)) == old + timedelta(hours=48)
    assert keep_until(old, moment, Retention()) is None


def test_late_edits_and_deletions_are_seen(database: Database) -> None:
    number = store(database, "1", "2", "3")
    assert {m.ask_again_at - m.posted_at for m in messages(database).values() if m.ask_again_at} == {timedelta(hours=1)}
    Forum.now.update({"2": "other words", "3": None})
    turn_up(database)
    refetch(LONG)
    found = messages(database)
    assert [found[key].text for key in "123"] == ["words of 1", "other words", ""]
    assert found["3"].deleted_at
    assert (found["1"].asked, found["3"].ask_again_at) == (1, None)
    assert sorted(map(len, Forum.asked)) == [1, 2], "no more at once than the platform takes"
    with database.reading() as session:
        counts = totals(session, number)
    assert (counts.duplicate, counts.edited, counts.tombstoned, counts.balances) == (2, 1, 1, True)


def test_counts_that_take_a_question_of_their_own_come_on_the_same_turn(database: Database) -> None:
    store(database, "1", "2", "3")
    Forum.now.update({"3": None})
    turn_up(database)
    refetch(LONG)
    found = messages(database)
    assert [found[key].metrics for key in "123"] == [{"likes": 12}, {"likes": 12}, {}]
    assert sorted(key for some in Forum.counts_asked for key in some) == ["1", "2"], "not of what is gone"


@pytest.mark.parametrize("trouble", [RateLimited("later"), Refused("a right is missing"), KeyError("values")])
def test_nothing_waits_for_a_count(database: Database, monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    monkeypatch.setattr(Forum, "counts_nothing", trouble)
    store(database, "1")
    Forum.now.update({"1": "other words"})
    turn_up(database)
    refetch(LONG)
    assert (messages(database)["1"].text, messages(database)["1"].asked) == ("other words", 1)


@pytest.mark.parametrize(
    "trouble", [Refused("not like this"), KeyError("author"), Forbidden(N_("in another category"))]
)
def test_one_message_that_cannot_be_asked_for_keeps_no_other_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr(Forum, "trouble", trouble)
    store(database, "1", "strange", "3")
    Forum.now.update({"1": "other words", "3": None})
    turn_up(database)
    refetch(LONG)
    found = messages(database)
    assert (found["1"].text, found["strange"].text, found["3"].text) == ("other words", "words of strange", "")
    assert [found[key].asked for key in ("1", "strange")] == [1, 1]
    assert found["strange"].deleted_at is None


def test_where_the_account_itself_may_not_look_nothing_counts_as_asked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_forum: Forum) -> Account:
        raise Forbidden(N_("the right was withdrawn"))

    monkeypatch.setattr(Forum, "trouble", Forbidden(N_("not allowed")))
    monkeypatch.setattr(Forum, "check", check)
    store(database, "1", "strange")
    turn_up(database)
    refetch(LONG)
    assert [message.asked for message in messages(database).values()] == [0, 0]
    assert Forum.asked == [], "not in smaller parts either"


@pytest.mark.parametrize(("seconds", "left"), [(0.01, 0), (3600.0, 3)])
def test_a_small_budget_is_enough_for_parts_when_it_is_soon_full_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, seconds: float, left: int
) -> None:
    generous = Forum.refetch

    def refetch_one(self: Forum, known: Sequence[Known]) -> Batch:
        if len(known) > 1:
            raise RateLimited("slowly", retry_after=seconds)
        return generous(self, known)

    monkeypatch.setattr(Forum, "refetch", refetch_one)
    monkeypatch.setattr(Forum, "capabilities", replace(Forum.capabilities, refetches=20))
    store(database, "1", "2", "3")
    turn_up(database)
    refetch(LONG)
    assert sum(message.asked == 0 for message in messages(database).values()) == left


def test_nothing_due_asks_nobody(database: Database) -> None:
    store(database, "1")
    refetch(LONG)
    assert Forum.asked == []


def test_a_platform_that_is_away_is_asked_again_after_the_lease(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database, "1", "2")
    turn_up(database)
    monkeypatch.setattr(Forum, "is_away", True)
    refetch(LONG)
    left = [m.ask_again_at - now() for m in messages(database).values() if m.ask_again_at]
    assert len(left) == 2
    assert all(timedelta(minutes=9) < each < timedelta(minutes=11) for each in left)


def test_two_workers_do_not_ask_for_the_same(database: Database) -> None:
    number = store(database, "1")
    turn_up(database)
    with database.writing() as session:
        assert claim_asks(session, number)
    with database.writing() as session:
        assert find_asks(session) == []
        assert claim_asks(session, number) is None


def test_a_platform_that_never_answers_delays_no_other_and_all_of_it_is_asked_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    generous, opened = Forum.refetch, threading.Event()

    def refetch_late(self: Forum, known: Sequence[Known]) -> Batch:
        if known[0].external_id.startswith("quick"):
            opened.set()
        elif not opened.wait(LONG):
            raise Passing("the others were never asked")
        return generous(self, known)

    monkeypatch.setattr(Forum, "refetch", refetch_late)
    with database.writing() as session:
        for name in [f"slow{each}" for each in range(9)] + ["quick"]:
            channel = Channel(kind=KIND, name=name, host=name.rstrip("0123456789"))
            session.add(channel)
            session.flush()
            keys = [f"{name} {each}" for each in range(3)]
            Forum.now.update(dict.fromkeys(keys, "words"))
            ingest(session, channel, "all", batch_of(*(written(key, "words") for key in keys)))
    turn_up(database)
    refetch(LONG)
    assert {message.asked for message in messages(database).values()} == {1}


def test_a_connection_that_may_not_ask_stands_in_nobodys_way(database: Database) -> None:
    number = store(database, "1")
    turn_up(database)
    with database.writing() as session:
        session.get_one(Channel, number).abilities = {"refetches": 0}
    refetch(LONG)
    assert Forum.asked == []
    assert messages(database)["1"].ask_again_at is None


def test_invented_people_are_not_asked_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Forum, "retention", Retention(text_hours=48))
    with database.writing() as session:
        session.add(Channel(kind=KIND, name="Forum", is_sample=True))
    store(database, "1")
    stored = messages(database)["1"]
    assert (stored.ask_again_at, stored.keep_until) == (None, None)
    turn_up(database)
    refetch(LONG)
    assert Forum.asked == []


def test_words_are_erased_when_their_time_is_over_and_do_not_come_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forum, "retention", Retention(text_hours=48))
    store(database, "1")
    with database.writing() as session:
        message = session.scalars(sa.select(Message)).one()
        session.add_all(
            (
                Revision(message_id=message.id, text="earlier words"),
                Attachment(message_id=message.id, name="a.png", media_type="image/png"),
            )
        )
        assert expire(session) == 0
        message.keep_until = now()
        session.flush()
        assert (expire(session), expire(session)) == (1, 0)
    store(database, "1")
    stored = messages(database)["1"]
    assert (stored.text, stored.html, stored.raw, stored.deleted_at) == ("", None, "", None)
    assert stored.expired_at
    with database.reading() as session:
        assert session.scalars(sa.select(Revision)).all() == []
        assert session.scalars(sa.select(Attachment)).all() == []
        home = session.scalars(sa.select(Conversation)).one()
    assert (home.preview, home.subject, home.message_count) == ("", "", 1)


def test_asking_again_lets_words_stay_where_terms_ask_for_that(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forum, "retention", Retention(refresh_days=30))
    store(database, "1", age=timedelta(days=100))
    turn_up(database, keep_until=now() + timedelta(hours=2))
    refetch(LONG)
    stored = messages(database)["1"]
    assert stored.keep_until
    assert stored.keep_until > now() + timedelta(days=29)
    assert stored.ask_again_at
    assert stored.ask_again_at < stored.keep_until


def test_names_are_erased_when_nothing_has_been_heard_for_as_long_as_terms_say(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forum, "retention", Retention(author_hours=24))
    store(database, "1")
    with database.writing() as session:
        assert forget_authors(session) == 0
        session.execute(sa.update(Message).values(received_at=now() - timedelta(hours=25)))
        assert (forget_authors(session), forget_authors(session)) == (1, 0)
    with database.reading() as session:
        identity = session.scalars(sa.select(Identity)).one()
        assert (identity.name, identity.handle, identity.external_id) == ("", "", MIA.external_id)
        assert session.scalars(sa.select(Member)).one().name == ""
        assert session.scalars(sa.select(Conversation)).one().author_name == ""
