"""An answer goes through the outbox once, never past somebody else's, and can be taken back while it has not left."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import Capabilities, Receipt, Visibility
from inbox.conversations.close import close
from inbox.conversations.draft import find_draft, save_draft
from inbox.conversations.find import find_conversation
from inbox.conversations.models import Conversation, ConversationState, Direction, Message
from inbox.conversations.reply import CannotReply, ConversationMovedOn, reply
from inbox.conversations.settle_reply import settle_reply
from inbox.conversations.undo_reply import TooLate, undo_reply
from inbox.database import Database
from inbox.outbox.models import Delivery, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.settle import mark_failed, mark_sent
from inbox.teams.models import Teammate
from tests.making import hear_from_outside, make_channel, make_conversation, make_message, make_teammate


@pytest.fixture
def ada(session: Session) -> Teammate:
    return make_teammate(session)


@pytest.fixture
def thread(session: Session) -> Conversation:
    return make_conversation(session, make_channel(session), ("When do you open?", "Hello?"), subject="Opening hours")


def answer(
    session: Session, thread: Conversation, by: Teammate, text: str = "At nine.", seen: int | None = None
) -> Message:
    version = thread.version if seen is None else seen
    return reply(session, thread, text=text, by=by, seen_version=version, undo_seconds=10)


def delivery_of(session: Session, message: Message) -> Delivery:
    assert message.delivery_id
    return session.get_one(Delivery, message.delivery_id)


def test_an_answer_is_a_message_with_a_delivery(session: Session, thread: Conversation, ada: Teammate) -> None:
    message = answer(session, thread, ada)
    delivery = delivery_of(session, message)
    newest = session.scalars(sa.select(Message).where(Message.text == "Hello?")).one()
    assert (message.direction, message.teammate_id, message.external_id) == (Direction.OUT, ada.id, None)
    assert delivery.state == DeliveryState.QUEUED
    assert delivery.not_before == message.posted_at + timedelta(seconds=10)
    assert delivery.payload["parent_id"] == newest.external_id
    assert delivery.payload["thread_id"] == thread.external_id
    assert delivery.payload["text"] == "At nine."
    assert delivery.payload["subject"] == "Opening hours"
    assert thread.waiting_since is None
    assert thread.message_count == 3


def test_who_writes_past_a_colleague_is_refused_and_keeps_the_text(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    bo, seen = make_teammate(session, "Bo"), thread.version
    first = answer(session, thread, ada)
    with pytest.raises(ConversationMovedOn) as refused:
        answer(session, thread, bo, "At ten.", seen)
    assert [message.id for message in refused.value.newer] == [first.id]
    draft = find_draft(session, thread.id, by=bo)
    assert draft is not None
    assert draft.text == "At ten."
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 1


def test_who_writes_past_news_from_outside_is_refused(session: Session, thread: Conversation, ada: Teammate) -> None:
    seen = thread.version
    hear_from_outside(session, thread, "Never mind, found it.")
    with pytest.raises(ConversationMovedOn) as refused:
        answer(session, thread, ada, seen=seen)
    assert [message.text for message in refused.value.newer] == ["Never mind, found it."]


def test_two_who_send_in_the_same_moment_make_one_answer(database: Database) -> None:
    with database.writing() as session:
        thread = make_conversation(session, make_channel(session), ("Hello?",))
        people = [make_teammate(session, name) for name in ("Ada", "Bo", "Cy", "Di")]
    barrier, refused = threading.Barrier(len(people)), []

    def send(by: Teammate) -> None:
        barrier.wait()
        with database.writing() as session:
            mine = find_conversation(session, thread.id)
            assert mine is not None
            try:
                reply(session, mine, text=f"Hi from {by.name}", by=by, seen_version=1, undo_seconds=0)
            except ConversationMovedOn:
                refused.append(by.name)

    threads = [threading.Thread(target=send, args=(by,)) for by in people]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(refused) == 3
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 1
        assert session.get_one(Conversation, thread.id).version == 2


@pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
def test_an_empty_answer_is_refused(session: Session, thread: Conversation, ada: Teammate, text: str) -> None:
    with pytest.raises(CannotReply):
        answer(session, thread, ada, text)


def test_an_answer_too_long_for_the_channel_is_refused(session: Session, thread: Conversation, ada: Teammate) -> None:
    with pytest.raises(CannotReply, match="301 of 300"):
        reply(session, thread, text="x", by=ada, seen_version=2, undo_seconds=0, length=301, limit_for=lambda _: 300)


def test_a_direct_message_may_be_answered_at_its_own_length(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    able = Capabilities(text_limit=300, private_limit=1_000)
    given = {"by": ada, "seen_version": 2, "undo_seconds": 0, "limit_for": able.limit_for}
    for message in session.scalars(sa.select(Message)):
        message.visibility = Visibility.DIRECT.value
    session.flush()
    with pytest.raises(CannotReply, match="1001 of 1000"):
        reply(session, thread, text="x", length=1_001, **given)
    assert reply(session, thread, text="x", length=1_000, **given).delivery_id


def test_only_a_message_that_is_still_there_can_be_answered(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    for message in session.scalars(sa.select(Message)):
        message.deleted_at = now()
    session.flush()
    with pytest.raises(CannotReply):
        answer(session, thread, ada)


def test_a_message_of_another_conversation_is_not_answered(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    other = make_message(session, make_conversation(session, session.get_one(type(thread.channel), thread.channel_id)))
    with pytest.raises(CannotReply):
        reply(session, thread, text="Hi", by=ada, seen_version=2, undo_seconds=0, parent=other)


def test_an_automatic_message_is_answered_only_when_there_is_no_other(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    make_message(session, thread, "I am out of office.", is_automatic=True)
    person = session.scalars(sa.select(Message).where(Message.text == "Hello?")).one()
    assert answer(session, thread, ada).parent_external_id == person.external_id


def test_undo_brings_everything_back(session: Session, thread: Conversation, ada: Teammate) -> None:
    waited, latest, count = thread.waiting_since, thread.last_message_at, thread.message_count
    save_draft(session, thread, "At", by=ada)
    message = answer(session, thread, ada)
    delivery = delivery_of(session, message)
    assert find_draft(session, thread.id, by=ada) is None
    seen = thread.version
    undo_reply(session, message, by=ada)
    draft = find_draft(session, thread.id, by=ada)
    assert draft is not None
    assert draft.text == "At nine."
    assert delivery.state == DeliveryState.CANCELLED
    assert (thread.waiting_since, thread.last_message_at, thread.message_count) == (waited, latest, count)
    assert thread.version > seen


def test_what_was_begun_after_sending_survives_an_undo(session: Session, thread: Conversation, ada: Teammate) -> None:
    message = answer(session, thread, ada)
    save_draft(session, thread, "PS: closed on Mondays.", by=ada)
    undo_reply(session, message, by=ada)
    draft = find_draft(session, thread.id, by=ada)
    assert draft is not None
    assert draft.text == "At nine.\n\nPS: closed on Mondays."


def test_what_has_begun_to_leave_cannot_be_undone(session: Session, thread: Conversation, ada: Teammate) -> None:
    message = answer(session, thread, ada)
    delivery_of(session, message).state = DeliveryState.SENDING
    session.flush()
    with pytest.raises(TooLate):
        undo_reply(session, message, by=ada)
    assert session.get(Message, message.id) is not None


def test_answering_again_after_an_undo_sends_again(session: Session, thread: Conversation, ada: Teammate) -> None:
    # SQLite gives the removed message's id to the next one; its delivery must still be a new one.
    first = answer(session, thread, ada)
    cancelled = delivery_of(session, first)
    undo_reply(session, first, by=ada)
    second = delivery_of(session, answer(session, thread, ada, "At eight."))
    assert second.id != cancelled.id
    assert second.state == DeliveryState.QUEUED


def settle_as_sent(session: Session, message: Message, external_id: str = "away-1") -> None:
    delivery = delivery_of(session, message)
    mark_sent(delivery, Outcome(Result.SENT, Receipt(external_id, "https://place.example/1")))
    session.flush()
    settle_reply(session, delivery)


def test_a_sent_answer_knows_its_address(session: Session, thread: Conversation, ada: Teammate) -> None:
    message = answer(session, thread, ada)
    settle_as_sent(session, message)
    assert (message.external_id, message.url) == ("away-1", "https://place.example/1")


def test_an_answer_that_came_back_before_it_was_settled_stays_one(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    message = answer(session, thread, ada)
    make_message(session, thread, "At nine.", external_id="away-1", direction=Direction.OUT)
    thread.message_count += 1
    settle_as_sent(session, message)
    kept = session.scalars(sa.select(Message).where(Message.external_id == "away-1")).all()
    assert [each.id for each in kept] == [message.id]
    assert thread.message_count == 3


def test_people_wait_again_when_an_answer_failed(session: Session, thread: Conversation, ada: Teammate) -> None:
    waited = thread.waiting_since
    message = answer(session, thread, ada)
    close(session, thread, by=ada)
    mark_failed(session, delivery_of(session, message), "Too long.")
    settle_reply(session, delivery_of(session, message))
    assert thread.waiting_since == waited
    assert thread.state == ConversationState.OPEN


def test_who_wrote_during_the_undo_window_goes_on_waiting(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    message = answer(session, thread, ada)
    later = make_message(session, thread, "One more thing", posted_at=message.posted_at + timedelta(seconds=3))
    thread.waiting_since = later.posted_at
    settle_as_sent(session, message)
    assert thread.waiting_since == later.posted_at
