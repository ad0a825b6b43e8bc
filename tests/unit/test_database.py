"""The few places where SQLite and PostgreSQL differ behave alike, and rows travel in one statement."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, QuarantinedItem, Tombstone
from inbox.database import Database, among, given, insert_given, insert_new, insert_rows, skip_locked
from inbox.members.models import Member
from tests.incoming import Statements
from tests.making import make_channel, make_conversation, make_message

BERLIN_SUMMER = timezone(timedelta(hours=2))
MOMENT = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=BERLIN_SUMMER)


def add(session: Session, *names: str) -> list[int]:
    rows = [(name, MOMENT, MOMENT) for name in names]
    return [
        row.id
        for row in insert_rows(session, Member, ("name", "first_seen_at", "last_seen_at"), rows, returning=("id",))
    ]


def test_a_moment_comes_back_in_utc(session: Session) -> None:
    (number,) = add(session, "Mia")
    assert session.get_one(Member, number).first_seen_at == MOMENT
    assert session.get_one(Member, number).first_seen_at.tzinfo is UTC
    later = session.scalars(sa.select(Member.id).where(Member.first_seen_at > MOMENT - timedelta(microseconds=1)))
    assert later.all() == [number]


def test_a_time_without_a_zone_is_refused(session: Session) -> None:
    with pytest.raises(sa.exc.StatementError, match="zone"), session.begin_nested():
        session.execute(sa.select(Member).where(Member.first_seen_at > datetime(2026, 7, 1)))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "'", '"', "\\", "ä €💥\n\t", '{"a": [1]}', "null", "1", "%s ? :x", "\u2028"])
def test_given_text_arrives_as_it_was(session: Session, text: str) -> None:
    (number,) = add(session, text)
    assert session.get_one(Member, number).name == text
    rows = given(session, Member, ["id", "name"], [(number, text * 2)])
    session.execute(sa.update(Member).where(Member.id == rows.c.id).values(note=rows.c.name))
    session.expire_all()
    assert session.get_one(Member, number).note == text * 2


def test_given_values_of_every_type_arrive(session: Session) -> None:
    channel = make_channel(session)
    thread = make_conversation(session, channel)
    handle = {"a": [1, None, True, {"ü": "\\u0041"}], "b": 2**53, "c": 0.5}
    message = make_message(session, thread, reply_handle=handle, is_automatic=True, html=None)
    from inbox.conversations.models import Message

    names = (
        "conversation_id",
        "channel_id",
        "external_id",
        "text",
        "html",
        "reply_handle",
        "is_automatic",
        "posted_at",
    )
    row = (thread.id, channel.id, "copy", "x", None, handle, True, message.posted_at)
    (copy,) = insert_rows(session, Message, names, [row], returning=("id",))
    stored = session.get_one(Message, copy.id)
    assert (stored.reply_handle, stored.is_automatic, stored.html) == (handle, True, None)
    assert stored.posted_at == message.posted_at
    same = sa.select(sa.func.count()).where(
        Message.is_automatic, Message.html.is_(None), Message.posted_at == message.posted_at
    )
    assert session.scalar(same) == 2


def test_something_that_is_no_value_is_refused(session: Session) -> None:
    with pytest.raises(TypeError, match="object cannot be given"):
        given(session, Member, ["name"], [(object(),)])


def test_many_rows_are_one_statement(session: Session) -> None:
    with Statements(session) as statements:
        numbers = add(session, *map(str, range(40_000)))
    assert len(statements.seen) == 1
    with Statements(session) as statements:
        assert len(session.scalars(sa.select(Member.id).where(among(session, Member.id, numbers))).all()) == 40_000
    assert len(statements.seen) == 1


def test_rows_that_are_there_are_left_as_they_are(session: Session) -> None:
    channel = make_channel(session)
    names = ["channel_id", "external_id", "deleted_at"]
    query = insert_given(session, Tombstone, names, [(channel.id, key, MOMENT) for key in "ab"])
    query = query.on_conflict_do_nothing(index_elements=["channel_id", "external_id"]).returning(Tombstone.external_id)
    assert set(session.scalars(query)) == {"a", "b"}
    assert session.scalars(query).all() == []
    insert_new(session, Tombstone, [{"channel_id": channel.id, "external_id": "a"}], ["channel_id", "external_id"])
    assert session.scalar(sa.select(sa.func.count()).select_from(Tombstone)) == 2
    insert_new(session, QuarantinedItem, [], ["fingerprint"])


def test_no_update_is_lost_between_threads(database: Database) -> None:
    with database.writing() as session:
        (number,) = add(session, "0")

    def count_up() -> None:
        for _ in range(20):
            with database.writing() as session:
                member = session.get_one(Member, number, with_for_update=True)
                member.name = str(int(member.name) + 1)

    _together(count_up, 4)
    with database.reading() as session:
        assert session.get_one(Member, number).name == "80"


def test_two_workers_never_get_the_same_rows(database: Database) -> None:
    with database.writing() as session:
        for number in range(8):
            session.add(Channel(kind="file", name=f"free {number}"))
    taken: list[str] = []

    def take() -> None:
        for _ in range(4):
            with database.writing() as session:
                query = sa.select(Channel).where(Channel.name.startswith("free")).order_by(Channel.id).limit(1)
                for channel in session.scalars(skip_locked(session, query)):
                    taken.append(channel.name)
                    channel.name = channel.name.replace("free", "taken")

    _together(take, 4)
    assert sorted(taken) == [f"free {number}" for number in range(8)]


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as writer:
        add(writer, "Mia")
        with database.reading() as reader:
            assert reader.scalar(sa.select(sa.func.count()).select_from(Member)) == 0


def test_what_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            add(session, "Mia")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Member)) == 0


def _together(act: Any, number: int) -> None:
    threads = [threading.Thread(target=act) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_more_threads_than_connections_wait_in_turn(database_url: str) -> None:
    bounded = Database(database_url, connections=2)
    names = [f"Member {number}" for number in range(20)]

    def write(name: str) -> None:
        with bounded.writing() as session:
            add(session, name)

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bounded.engine.pool.checkedin() <= 2  # type: ignore[attr-defined]
    with bounded.reading() as session:
        assert set(session.scalars(sa.select(Member.name))) == set(names)
    bounded.dispose()
