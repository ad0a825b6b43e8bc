"""What the messages of a poll answer is asked for where nobody knows it: once, a bounded number, and never at the cost of a message."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.due import Claimed
from inbox.channels.models import Channel, QuarantinedItem, Tombstone
from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    Account,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    IncomingMessage,
    NeedsPerson,
    Passing,
    RateLimited,
    Refused,
    Setup,
    Surroundings,
)
from inbox.connectors.http import Forbidden
from inbox.conversations.find_orphans import find_orphans
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from tests.conftest import forget_settings
from tests.contract.stage import Remembering
from tests.incoming import START, TOM, US, Statements, batch_of, written
from tests.making import make_channel
from workers.fill import Filler

THEIRS = written("root", "Which plan?", thread="root", author=TOM)


class Forum(ChannelConnector):
    """Has the messages in `there`."""

    kind: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Forum"
    setup: ClassVar[type[Setup]] = Setup
    capabilities: ClassVar[Capabilities] = Capabilities(threads=True)
    there: ClassVar[dict[str, IncomingMessage]] = {}
    asked: ClassVar[list[list[str]]] = []
    trouble: ClassVar[Exception | None] = None

    def check(self) -> Account:
        return Account("Forum")

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        Forum.asked.append([orphan.parent_id for orphan in orphans])
        if self.trouble:
            raise self.trouble
        found = [self.there[each.parent_id] for each in orphans if each.parent_id in self.there]
        return Batch(found, [Deletion(each.parent_id) for each in orphans if each.parent_id not in self.there])


@pytest.fixture(autouse=True)
def forum(monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> None:
    monkeypatch.setattr(Forum, "there", {})
    monkeypatch.setattr(Forum, "asked", [])


@pytest.fixture
def channel(database: Database) -> Channel:
    with database.writing() as session:
        return make_channel(session)


def filler(database: Database, channel: Channel, **bounds: Any) -> Filler:
    connector = Forum(Setup(), Surroundings(Remembering()))
    return Filler(connector, Claimed(1, "all", None, START, "claim", channel), database, **bounds)


def take(database: Database, channel: Channel, *messages: IncomingMessage) -> Batch:
    """Fill a batch as a poll does, and store it."""
    batch = filler(database, channel).fill(batch_of(*messages))
    with database.writing() as session:
        ingest(session, session.get_one(Channel, channel.id), "all", batch)
    return batch


def answer(key: str, to: str, **fields: Any) -> IncomingMessage:
    return written(key, thread=to, minute=9, parent_id=to, **fields)


def test_our_own_words_above_become_a_message_of_the_same_conversation(database: Database, channel: Channel) -> None:
    Forum.there["post"] = written("post", "News!", thread="root", author=US)
    take(database, channel, answer("1", "post"))
    with database.reading() as session:
        assert session.scalars(sa.select(Conversation.external_id)).all() == ["root"]
        assert session.scalars(sa.select(Message.text).order_by(Message.posted_at)).all() == [
            "News!",
            "Where is the rake?",
        ]


def test_a_strangers_words_above_are_quoted_and_nothing_else(database: Database, channel: Channel) -> None:
    Forum.there["root"] = THEIRS
    take(database, channel, answer("1", "root"))
    with database.reading() as session:
        stored = session.scalars(sa.select(Message)).one()
    assert (stored.external_id, stored.quote) == ("1", "Tom Laub: Which plan?")


def test_our_words_from_before_we_listen_are_quoted(database: Database, channel: Channel) -> None:
    Forum.there["post"] = written("post", "News!", author=US, minute=-1)
    (message,) = take(database, channel, answer("1", "post")).messages
    assert message.quote == "Garden: News!"


def test_a_circle_and_a_long_chain_of_answers_come_to_an_end(database: Database, channel: Channel) -> None:
    Forum.there["post"] = written("post", "News!", thread="1", author=US, parent_id="1")
    chain = [answer(f"c{n}", f"c{n - 1}" if n else "post") for n in range(3_000)]
    take(database, channel, answer("1", "post"), answer("self", "self"), *reversed(chain))
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Message.id))) == 3_003
    assert Forum.asked == [["post", "post"]]


@pytest.mark.parametrize("fields", [{"external_id": 7}, {"parent_id": ["root"]}, {"parent_id": None}])
def test_a_message_of_a_wrong_shape_holds_up_no_other(
    database: Database, channel: Channel, fields: dict[str, Any]
) -> None:
    Forum.there["root"] = THEIRS
    take(database, channel, answer("1", "root"), replace(answer("2", "root"), **fields))
    with database.reading() as session:
        assert session.scalars(sa.select(Message.external_id)).all() == ["1"]
        assert session.scalar(sa.select(sa.func.count(QuarantinedItem.id))) == 1


def test_who_has_no_name_is_quoted_too(database: Database, channel: Channel) -> None:
    Forum.there["root"] = written("root", "Which plan?", author=None)
    (message,) = take(database, channel, answer("1", "root")).messages
    assert message.quote == "?: Which plan?"


def test_only_what_is_new_and_answers_the_unknown_is_asked_about(database: Database, channel: Channel) -> None:
    take(database, channel, written("known"), written("gone"))
    with database.writing() as session:
        ingest(
            session, session.get_one(Channel, channel.id), "all", Batch(deletions=[Deletion("gone"), Deletion("never")])
        )
    take(
        database,
        channel,
        written("alone"),
        answer("known", "elsewhere"),
        answer("2", "known"),
        answer("3", "gone"),
        answer("4", "never"),
        answer("5", "2"),
        answer("6", "elsewhere", quote="> as in the mail"),
    )
    assert Forum.asked == []


def test_what_the_platform_has_not_is_asked_for_once(database: Database, channel: Channel) -> None:
    take(database, channel, answer("1", "lost"))
    take(database, channel, answer("2", "lost"), answer("3", "also lost"))
    assert Forum.asked == [["lost"], ["also lost"]]
    with database.reading() as session:
        assert session.scalars(sa.select(Message.external_id).order_by(Message.id)).all() == ["1", "2", "3"]
        assert session.scalars(sa.select(Tombstone)).all() == [], "it may still be shown to us one day"


def test_one_poll_asks_for_so_many_and_the_messages_come_all_the_same(database: Database, channel: Channel) -> None:
    poll = filler(database, channel, parents=40)
    for page in range(3):
        keys = [f"{page}-{number}" for number in range(25)]
        assert len(poll.fill(batch_of(*(answer(key, f"p{key}") for key in keys))).messages) == 25
    assert sum(map(len, Forum.asked)) == 40
    assert max(map(len, Forum.asked)) <= 20


def test_a_slow_platform_is_not_waited_for_without_end(database: Database, channel: Channel) -> None:
    poll = filler(database, channel, seconds=0)
    assert poll.fill(batch_of(answer("1", "lost"))).messages
    assert Forum.asked == []


@pytest.mark.parametrize(
    "trouble",
    [
        Passing(N_("away")),
        Refused(N_("not so")),
        KeyError("ancestors"),
        Forbidden(N_("not in that category")),
        RateLimited(N_("tomorrow"), retry_after=40_000),
    ],
)
def test_a_context_that_cannot_be_had_costs_no_message(
    database: Database, channel: Channel, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr(Forum, "trouble", trouble)
    take(database, channel, answer("1", "root"))
    monkeypatch.setattr(Forum, "trouble", None)
    Forum.there["root"] = THEIRS
    (message,) = take(database, channel, answer("2", "root")).messages
    assert message.quote, "nothing was remembered as missing"


@pytest.mark.parametrize("trouble", [RateLimited(N_("later"), retry_after=9), NeedsPerson(N_("signed out"))])
def test_a_poll_that_must_wait_comes_back_for_all_of_it(
    database: Database, channel: Channel, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr(Forum, "trouble", trouble)
    with pytest.raises(type(trouble)):
        take(database, channel, answer("1", "root"))


def test_who_brings_parents_along_costs_no_question(
    database: Database, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forum, "thread", ChannelConnector.thread)
    monkeypatch.setattr(database, "reading", lambda: pytest.fail("the database was asked"))
    batch = batch_of(answer("1", "root"))
    assert filler(database, channel).fill(batch) is batch


def test_without_valkey_it_is_asked_again(
    database: Database, channel: Channel, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("TRELLIS_REDIS_URL", f"unix://{tmp_path}/nobody")
    forget_settings()
    for key in "12":
        take(database, channel, answer(key, "lost"))
    assert Forum.asked == [["lost"], ["lost"]]


def test_a_hundred_messages_take_as_many_statements_as_one(session: Session) -> None:
    channel, seen = make_channel(session), []
    for count in (1, 100):
        with Statements(session) as statements:
            assert len(find_orphans(session, channel.id, [answer(f"{n}", f"p{n}") for n in range(count)])) == count
        seen.append(len(statements.seen))
    assert seen == [3, 3]
    assert find_orphans(session, channel.id, [written("1", posted_at=now() - timedelta(1), parent_id="")]) == []
