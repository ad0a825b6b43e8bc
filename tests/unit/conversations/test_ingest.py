"""Ingest: everything is stored once, whatever comes twice, late, changed, deleted or broken."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts, counts_of, totals
from inbox.channels.models import Channel, LedgerDay, QuarantinedItem, Stream, Tombstone
from inbox.clock import now
from inbox.connectors.contract import Author, BadItem, Batch, Deletion, IncomingAttachment, IncomingMessage
from inbox.conversations.attach import attach, path_of
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Attachment, Conversation, Message, Revision
from inbox.labels.models import Label, Tag
from inbox.members.models import Identity, Member
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from tests.incoming import MIA, TOM, US, Statements, batch_of, minute, written
from tests.making import make_channel


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


def take(session: Session, channel: Channel, *messages: IncomingMessage, **fields: Any) -> Counts:
    counts = ingest(session, channel, "mentions", batch_of(*messages, **fields))
    session.expire_all()
    assert counts.balances
    return counts


def one(session: Session, key: str = "1") -> Message:
    return session.scalars(sa.select(Message).where(Message.external_id == key)).one()


def thread(session: Session, key: str = "1") -> Conversation:
    return session.scalars(sa.select(Conversation).where(Conversation.external_id == key)).one()


def number(session: Session, table: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# ── what is new ──────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── what comes again ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_page_again_stores_nothing(session: Session, channel: Channel) -> None:
    page = [written(str(each), thread=f"t{each % 3}", minute=each) for each in range(9)]
    take(session, channel, *page)
    before = [(c.message_count, c.version, c.preview) for c in session.scalars(sa.select(Conversation))]
    assert take(session, channel, *page) == Counts(fetched=9, duplicate=9)
    assert [(c.message_count, c.version, c.preview) for c in session.scalars(sa.select(Conversation))] == before
    assert totals(session, channel.id) == Counts(fetched=18, stored=9, duplicate=9)


def test_a_repeat_within_a_page_is_stored_once_with_its_newest_words(session: Session, channel: Channel) -> None:
    counts = take(session, channel, written("1", text="old"), written("1", text="new"), written("1", text="new"))
    assert counts == Counts(fetched=3, stored=1, duplicate=2)
    assert one(session).text == "new"


def test_an_edit_becomes_a_revision_and_is_labelled_anew(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", html="<p>Where is the rake?</p>"))
    one(session).labelled_at = now()
    session.flush()
    assert take(session, channel, written("1", text="Found it")) == Counts(fetched=1, duplicate=1, edited=1)
    stored = one(session)
    assert (stored.text, stored.html, stored.labelled_at) == ("Found it", None, None)
    assert stored.edited_at
    revision = session.scalars(sa.select(Revision)).one()
    assert (revision.message_id, revision.text, revision.html) == (
        stored.id,
        "Where is the rake?",
        "<p>Where is the rake?</p>",
    )
    assert (thread(session).preview, thread(session).version, thread(session).message_count) == ("Found it", 2, 1)


def test_a_page_from_before_an_edit_does_not_undo_it(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", text="second", edited_at=minute(9)))
    for stale in (written("1", text="first", edited_at=minute(3)), written("1", text="first", edited_at=minute(9))):
        assert take(session, channel, stale).edited == 0
    assert one(session).text == "second"
    assert take(session, channel, written("1", text="third", edited_at=minute(10))).edited == 1


def test_two_edits_in_one_page_end_with_the_newest(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", text="a"))
    edits = [written("1", text="c", edited_at=minute(9)), written("1", text="b", edited_at=minute(5))]
    assert take(session, channel, *edits).edited == 1
    assert one(session).text == "c"


# ── what is deleted ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deleted_message_leaves_a_tombstone_without_words(session: Session, channel: Channel) -> None:
    take(
        session,
        channel,
        written("1", html="<b>x</b>", quote="q", raw="r"),
        written("2", thread="1", minute=1, text="stays"),
    )
    take(session, channel, written("1", text="edited"))
    counts = take(session, channel, deletions=[Deletion("1", minute(30))])
    assert counts == Counts(fetched=1, tombstoned=1)
    gone = one(session)
    assert (gone.text, gone.html, gone.quote, gone.raw, gone.deleted_at) == ("", None, "", "", minute(30))
    assert number(session, Revision) == 0
    assert (thread(session).message_count, thread(session).preview, thread(session).waiting_since) == (
        2,
        "stays",
        minute(1),
    )


def test_a_deleted_message_is_never_revived(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    take(session, channel, deletions=[Deletion("1")])
    assert take(session, channel, written("1"), written("1", text="changed", edited_at=now())).duplicate == 2
    assert one(session).text == ""
    assert take(session, channel, deletions=[Deletion("1")]) == Counts(fetched=1, duplicate=1)


def test_a_message_deleted_before_it_was_seen_never_appears(session: Session, channel: Channel) -> None:
    assert take(session, channel, deletions=[Deletion("1"), Deletion("1")]) == Counts(
        fetched=2, tombstoned=1, duplicate=1
    )
    assert take(session, channel, written("1")) == Counts(fetched=1, duplicate=1)
    assert (number(session, Message), number(session, Tombstone)) == (0, 1)


def test_a_message_deleted_in_its_own_page_never_appears(session: Session, channel: Channel) -> None:
    counts = take(session, channel, written("1"), deletions=[Deletion("1")])
    assert counts == Counts(fetched=2, tombstoned=1, duplicate=1)
    assert number(session, Message) == 0


def test_nobody_waits_in_a_conversation_whose_only_message_was_deleted(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    take(session, channel, deletions=[Deletion("1")])
    assert thread(session).waiting_since is None
    assert thread(session).preview == ""


def test_the_tag_falls_back_to_the_message_before_a_deleted_one(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"), written("2", thread="1", minute=1))
    for key, tag in (("1", Tag.QUESTION), ("2", Tag.TROLL)):
        session.add(Label(message_id=one(session, key).id, primary=tag, tags=tag.value, question=0.8, troll=0.1))
    session.flush()
    take(session, channel, deletions=[Deletion("2")])
    assert (thread(session).tag, thread(session).tag_probability) == (Tag.QUESTION, pytest.approx(0.8))


# ── what is broken ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bad_item_goes_to_quarantine_and_the_rest_goes_on(session: Session, channel: Channel) -> None:
    bad = [BadItem("no text", '{"a": "\x00\ud800"}', "7", line_number=3)]
    counts = take(session, channel, written("1"), bad=bad, filtered=2)
    assert counts == Counts(fetched=4, stored=1, filtered=2, quarantined=1)
    item = session.scalars(sa.select(QuarantinedItem)).one()
    assert (item.reason, item.raw, item.external_id, item.line_number) == ("no text", '{"a": ""}', "7", 3)
    assert take(session, channel, bad=bad) == Counts(fetched=1, duplicate=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": None},
        {"text": 7},
        {"external_id": ""},
        {"external_id": "\x00"},
        {"visibility": "everybody"},
        {"reply_handle": {"a": float("nan")}},
        {"reply_handle": {"a": "x" * 20_000}},
        {"posted_at": "yesterday"},
        {"author": "Mia"},
    ],
)
def test_a_message_of_a_wrong_shape_goes_to_quarantine(
    session: Session, channel: Channel, fields: dict[str, Any]
) -> None:
    values = {"external_id": "1", "thread_id": "1", "text": "x", **fields}
    counts = take(session, channel, IncomingMessage(**values), written("2"))
    assert counts == Counts(fetched=2, stored=1, quarantined=1)


def test_hostile_text_is_stored_without_what_databases_refuse(session: Session, channel: Channel) -> None:
    nasty = "a\x00b\ud800c\udfffd\x1be' OR 1=1; DROP TABLE messages; -- 💥 \\u0000"
    author = Author(
        "m\x00",
        handle="\ud800",
        name=nasty,
        avatar_url="javascript:alert(1)",
        profile_url="http://x.example/" + "y" * 3000,
    )
    take(
        session,
        channel,
        written("1\x00", text=nasty, subject=nasty, author=author, raw={"x": nasty}, reply_handle={"a": nasty}),
    )
    stored = one(session)
    assert stored.text == "abcde' OR 1=1; DROP TABLE messages; -- 💥 \\u0000"
    assert stored.identity
    assert (stored.identity.external_id, stored.identity.avatar_url, stored.identity.profile_url) == ("m", "", "")


def test_sizes_are_capped(session: Session, channel: Channel) -> None:
    huge = "x" * 1_000_000
    author = Author(huge, handle=huge, name=huge)
    take(
        session,
        channel,
        written(huge, text=huge, subject=huge, html=huge, quote=huge, raw=huge, url="https://" + huge, author=author),
    )
    stored = session.scalars(sa.select(Message)).one()
    assert (len(stored.text), len(stored.raw), len(stored.external_id or ""), stored.url) == (100_000, 65_536, 500, "")
    assert take(session, channel, written(huge, text=huge)).duplicate == 1


def test_two_long_ids_with_one_beginning_stay_two(session: Session, channel: Channel) -> None:
    take(session, channel, written("x" * 600 + "1"), written("x" * 600 + "2"))
    assert number(session, Message) == 2


def test_times_that_lie_become_the_time_of_arrival(session: Session, channel: Channel) -> None:
    begin = now()
    lies = {"future": begin + timedelta(days=900), "unset": minute(0).replace(year=1970), "none": None}
    take(session, channel, *(written(key, posted_at=at) for key, at in lies.items()))
    assert all(begin <= one(session, key).posted_at <= now() for key in lies)


# ── what is ours ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_we_wrote_on_the_platform_itself_answers(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"), written("2", thread="1", minute=1, author=US, text="In the shed"))
    assert one(session, "2").direction == "out"
    assert thread(session).waiting_since is None
    assert (thread(session).author_name, thread(session).preview) == ("Mia Beet", "Where is the rake?")
    take(session, channel, written("3", thread="1", minute=2), written("4", thread="1", minute=3))
    assert thread(session).waiting_since == minute(2)
    take(session, channel, written("5", thread="1", minute=2.5, author=US))
    assert thread(session).waiting_since == minute(3)


def test_our_answer_that_comes_back_is_linked_and_not_added(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    answer = _answer(session, channel, thread(session), external_id="a-1")
    comes_back = written(
        "a-1", thread="1", minute=3, author=US, text="<p>Rendered otherwise</p>", url="https://x.example/a-1"
    )
    assert take(session, channel, comes_back) == Counts(fetched=1, duplicate=1)
    assert (one(session, "a-1").id, one(session, "a-1").text) == (answer.id, "In the shed")
    assert one(session, "a-1").url == "https://x.example/a-1"
    assert take(session, channel, comes_back) == Counts(fetched=1, duplicate=1)
    assert number(session, Revision) == 0


def test_an_answer_to_our_answer_finds_its_conversation(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    _answer(session, channel, thread(session), external_id="a-1")
    take(session, channel, written("2", thread="a-1", parent_id="a-1", minute=9))
    assert number(session, Conversation) == 1


def test_who_writes_after_our_answer_waits_even_if_written_before_it(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    _answer(session, channel, thread(session), external_id="a-1", at=minute(10))
    thread(session).waiting_since = None
    session.flush()
    take(session, channel, written("2", thread="1", minute=9.5))
    assert thread(session).waiting_since == minute(9.5)


# ── what wakes ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["closed", "snoozed"])
def test_a_new_message_opens_a_conversation_again(session: Session, channel: Channel, state: str) -> None:
    take(session, channel, written("1"))
    conversation = thread(session)
    conversation.state, conversation.waiting_since = state, None
    conversation.closed_at = conversation.snoozed_until = now()
    session.flush()
    take(
        session,
        channel,
        written("2", thread="1", minute=1, author=US),
        written("3", thread="1", minute=2, is_automatic=True),
    )
    assert (thread(session).state, thread(session).waiting_since) == (state, None)
    take(session, channel, written("4", thread="1", minute=3))
    conversation = thread(session)
    assert (conversation.state, conversation.closed_at, conversation.snoozed_until) == ("open", None, None)
    assert conversation.waiting_since == minute(3)


def test_the_assignee_stays_when_a_message_comes(session: Session, channel: Channel) -> None:
    from tests.making import make_teammate

    take(session, channel, written("1"))
    ada = make_teammate(session)
    thread(session).assignee_id = ada.id
    session.flush()
    take(session, channel, written("2", thread="1", minute=1))
    assert thread(session).assignee_id == ada.id


# ── how it is done ───────────────────────────────────────────────────────────────────────────────────────────────────


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
    assert [counts_of(row) for row in rows] == [Counts(2, stored=1, filtered=1), Counts(2, duplicate=1, filtered=1)]


def _answer(
    session: Session, channel: Channel, conversation: Conversation, *, external_id: str, at: Any = None
) -> Message:
    delivery = Delivery(
        key=external_id,
        kind=DeliveryKind.REPLY,
        state=DeliveryState.SENT,
        channel_id=channel.id,
        external_id=external_id,
    )
    session.add(delivery)
    session.flush()
    message = Message(
        conversation_id=conversation.id, channel_id=channel.id, direction="out", text="In the shed",
        delivery_id=delivery.id, posted_at=at or minute(2),
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message
