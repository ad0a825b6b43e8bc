"""An open conversation: its last messages, in bounded number and size."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.find import LARGEST, SHOWN, find_thread
from inbox.conversations.models import Message
from tests.incoming import Statements
from tests.making import make_channel, make_conversation


def test_a_book_sent_two_hundred_times_shows_its_last_copies(session: Session) -> None:
    thread = make_conversation(session, make_channel(session), tuple(f"text {n}" for n in range(60)))
    session.execute(sa.update(Message).values(quote="x" * 99_000, html="y" * 99_000))
    found = find_thread(session, thread.id)
    assert found
    assert 0 < len(found.messages) == LARGEST // 198_007
    assert found.messages[-1].text.startswith("text 59")
    assert found.earlier == 60 - len(found.messages)


def test_of_very_many_messages_the_last_are_shown_in_few_statements(session: Session) -> None:
    thread = make_conversation(session, make_channel(session), tuple(f"text {n}" for n in range(SHOWN + 30)))
    thread_id = thread.id
    session.flush()
    session.expunge_all()
    with Statements(session) as statements:
        found = find_thread(session, thread_id)
    assert found
    assert [found.messages[0].text, found.messages[-1].text] == ["text 30", f"text {SHOWN + 29}"]
    assert (len(found.messages), found.earlier) == (SHOWN, 30)
    assert len(statements.seen) == 4


def test_one_message_is_always_shown_and_an_empty_conversation_too(session: Session) -> None:
    channel = make_channel(session)
    thread = make_conversation(session, channel, ("x",))
    session.execute(sa.update(Message).values(text="x" * (LARGEST + 1), posted_at=now() - timedelta(days=1)))
    found = find_thread(session, thread.id)
    assert found
    assert len(found.messages) == 1
    empty = find_thread(session, make_conversation(session, channel).id)
    assert empty
    assert (list(empty.messages), empty.earlier) == ([], 0)
