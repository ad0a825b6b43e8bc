"""Ingest: what comes twice, late, changed or deleted ends as it should."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts, totals
from inbox.channels.models import Channel, Tombstone
from inbox.clock import now
from inbox.connectors.contract import Deletion
from inbox.conversations.models import Conversation, Message, Revision
from inbox.labels.models import Label, Tag
from tests.incoming import TOM, minute, written
from tests.making import make_channel
from tests.taking import number, one, take, thread


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


# ── what comes again ────────────────────────────────────────────────────────────────────────────────────────────────


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


def test_nobody_rewrites_a_mail_by_sending_another_under_its_id(session: Session) -> None:
    mailbox = make_channel(session, kind="email")
    take(session, mailbox, written("1", text="I love it"))
    assert take(session, mailbox, written("1", text="I hate it", author=TOM)) == Counts(fetched=1, duplicate=1)
    take(session, mailbox, written("2", text="I love it"), written("2", text="I hate it", author=TOM, minute=1))
    # The address in From is as easily copied as the id.
    assert take(session, mailbox, written("1", text="I hate it")) == Counts(fetched=1, duplicate=1)
    assert [one(session, key).text for key in "12"] == ["I love it", "I love it"]


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


# ── what is deleted ─────────────────────────────────────────────────────────────────────────────────────────────────


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


def test_a_page_that_is_older_than_a_deletion_revives_nothing(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    take(session, channel, deletions=[Deletion("1")])
    assert take(session, channel, written("1"), written("1", text="changed", edited_at=minute(5))).duplicate == 2
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
