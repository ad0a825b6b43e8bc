"""Ingest: what is new is stored with its author, conversation, files, ledger entry and cursor, in few statements."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts, totals
from inbox.channels.models import Channel, LedgerDay, Stream
from inbox.connectors.contract import Author, BadItem, Batch, Deletion, IncomingAttachment
from inbox.conversations.attach import attach, path_of
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Attachment, Conversation, Message
from inbox.members.models import Identity, Member
from tests.incoming import MIA, TOM, Statements, batch_of, minute, written
from tests.making import make_channel
from tests.taking import number, one, take, thread


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


# ── what is new ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_makes_its_author_conversation_and_ledger_entry(session: Session, channel: Channel) -> None:
    message = written("1", subject="Rakes", url="https://garden.example/1", language="de", reply_handle={"id": 1})
    assert take(session, channel, message) == Counts(fetched=1, stored=1)
    stored, conversation = one(session), thread(session)
    assert (stored.text, stored.direction, stored.language) == ("Where is the rake?", "in", "de")
    assert (stored.posted_at, stored.reply_handle, stored.labelled_at) == (minute(0), {"id": 1}, None)
    assert stored.identity
    assert stored.identity.member.name == "Mia Beet"
    assert (conversation.subject, conversation.author_name, conversation.preview) == ("Rakes", "Mia Beet", stored.text)
    assert (conversation.message_count, conversation.version, conversation.state) == (1, 1, "open")
    assert conversation.waiting_since == conversation.last_message_at == minute(0)
    assert (conversation.member_id, conversation.tag) == (stored.identity.member_id, "")
    assert totals(session, channel.id) == Counts(fetched=1, stored=1)


def test_messages_of_one_thread_share_a_conversation(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"), written("2", thread="1", minute=1, author=TOM, text="Behind the shed"))
    take(session, channel, written("3", thread="1", minute=2, text="Thanks, and the spade?"))
    conversation = thread(session)
    assert number(session, Conversation) == 1
    assert (conversation.message_count, conversation.version) == (3, 3)
    assert (conversation.author_name, conversation.preview) == ("Mia Beet", "Thanks, and the spade?")
    assert (conversation.waiting_since, conversation.last_message_at) == (minute(0), minute(2))


def test_an_older_message_that_arrives_later_does_not_become_the_preview(session: Session, channel: Channel) -> None:
    take(session, channel, written("2", thread="1", minute=5, text="newest"))
    take(session, channel, written("1", minute=1, author=TOM, text="oldest"))
    conversation = thread(session)
    assert (conversation.preview, conversation.author_name) == ("newest", "Mia Beet")
    assert (conversation.waiting_since, conversation.last_message_at) == (minute(1), minute(5))


def test_a_message_joins_its_parent_when_its_thread_is_unknown(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    take(
        session,
        channel,
        written("2", thread="elsewhere", parent_id="1", minute=1),
        written("3", thread="elsewhere", minute=2),
    )
    assert number(session, Conversation) == 1
    assert thread(session).message_count == 3


def test_a_thread_named_after_a_known_message_is_that_messages_conversation(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"), written("2", thread="1", minute=1))
    take(session, channel, written("3", thread="2", minute=2))
    assert number(session, Conversation) == 1


def test_the_same_ids_on_two_channels_are_different_things(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    take(session, make_channel(session), written("1"))
    assert (number(session, Message), number(session, Conversation), number(session, Member)) == (2, 2, 2)


def test_a_known_author_is_recognised_and_brought_up_to_date(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", minute=10))
    newer = Author("mia", handle="@mia_b", avatar_url="https://garden.example/mia.png")
    take(session, channel, written("2", author=newer, minute=20), written("0", author=MIA, minute=5))
    identity = session.scalars(sa.select(Identity)).one()
    assert (identity.handle, identity.name, identity.avatar_url) == ("@mia_b", "Mia Beet", newer.avatar_url)
    assert (identity.member.first_seen_at, identity.member.last_seen_at) == (minute(5), minute(20))


def test_two_new_authors_of_one_name_are_two_members(session: Session, channel: Channel) -> None:
    twins = [Author("a", name="Kim"), Author("b", name="Kim")]
    take(session, channel, *(written(author.external_id, author=author) for author in twins))
    assert sorted(session.execute(sa.select(Identity.external_id, Member.name).join(Member)).all()) == [
        ("a", "Kim"),
        ("b", "Kim"),
    ]
    assert len(set(session.scalars(sa.select(Identity.member_id)))) == 2


def test_a_message_without_author_is_stored(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", author=None), written("2", author=Author("")))
    assert [one(session, key).identity_id for key in "12"] == [None, None]
    assert thread(session).author_name == ""


def test_files_are_kept_before_and_named_in_the_transaction(session: Session, channel: Channel, data_dir: Any) -> None:
    files = (
        IncomingAttachment("a.txt", "text/plain", content=b"leaf"),
        IncomingAttachment("b", url="https://x.example/b"),
    )
    batch = attach(data_dir / "files", batch_of(written("1", text="", attachments=files)))
    ingest(session, channel, "mentions", batch)
    first, second = session.scalars(sa.select(Attachment).order_by(Attachment.name)).all()
    assert path_of(data_dir / "files", first.sha256).read_bytes() == b"leaf"
    assert (first.size_bytes, second.sha256, second.url) == (4, "", "https://x.example/b")
    assert thread(session).preview == "a.txt, b"


def test_files_that_were_not_kept_are_a_mistake_of_the_caller(session: Session, channel: Channel) -> None:
    with pytest.raises(TypeError, match="kept"):
        ingest(session, channel, "m", batch_of(written("1", attachments=(IncomingAttachment("a", content=b"x"),))))
    session.rollback()


def test_the_cursor_moves_with_the_rows(session: Session, channel: Channel) -> None:
    stream = Stream(channel_id=channel.id, name="mentions")
    session.add(stream)
    session.flush()
    ingest(session, channel, "mentions", batch_of(written("1"), cursor={"after": "1"}), stream=stream)
    session.expire_all()
    assert stream.cursor == {"after": "1"}


# ── how it is done ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_number_of_statements_does_not_depend_on_the_size(session: Session, channel: Channel) -> None:
    def page(size: int, name: str) -> Batch:
        return Batch(
            messages=[
                written(f"{name}-{n}", thread=f"{name}-{n // 2 * 2}", minute=n, author=Author(f"{name}{n}"))
                for n in range(size)
            ],
            deletions=[Deletion(f"{name}-gone-{n}") for n in range(size)],
            bad=[BadItem("broken", f"{name} {n}") for n in range(size)],
        )

    def spoken(batch: Batch) -> int:
        with Statements(session) as statements:
            ingest(session, channel, "mentions", batch)
        return len(statements.seen)

    take(session, channel, written("0", minute=600))
    session.refresh(channel)
    one_each, many = page(2, "small"), page(500, "large")
    assert spoken(one_each) == spoken(many)
    again = [
        Batch(
            messages=[
                *(written(f"{name}-{n}", text="edited", thread=f"{name}-{n // 2 * 2}", minute=n) for n in range(size)),
                *(written(f"{name}-new-{n}", thread=f"{name}-{n // 2 * 2}", minute=600) for n in range(size)),
            ],
            deletions=[Deletion(f"{name}-{size - 1}")],
        )
        for name, size in (("small", 2), ("large", 500))
    ]
    assert spoken(again[0]) == spoken(again[1]) <= 30


def test_an_empty_batch_still_moves_the_cursor(session: Session, channel: Channel) -> None:
    stream = Stream(channel_id=channel.id, name="m", cursor={"a": 1})
    session.add(stream)
    session.flush()
    assert ingest(session, channel, "m", Batch(cursor={"a": 2}), stream=stream) == Counts()
    assert stream.cursor == {"a": 2}


def test_days_are_entered_apart_and_balance(
    session: Session, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.conversations import ingest as module

    for day in (minute(0), minute(0) + timedelta(days=1)):
        monkeypatch.setattr(module, "now", lambda day=day: day)
        take(session, channel, written("1"), filtered=1)
    rows = session.scalars(sa.select(LedgerDay).order_by(LedgerDay.day)).all()
    assert [(row.fetched, row.stored, row.duplicate, row.filtered) for row in rows] == [(2, 1, 0, 1), (2, 0, 1, 1)]
