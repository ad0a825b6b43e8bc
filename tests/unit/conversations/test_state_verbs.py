"""Assign, close, reopen, snooze, wake, note and draft: each does its one thing and can be repeated."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.clock import now
from inbox.conversations.assign import CannotAssign, assign
from inbox.conversations.close import close
from inbox.conversations.draft import delete_draft, find_draft, save_draft
from inbox.conversations.models import Conversation, ConversationState, Direction
from inbox.conversations.note import EmptyText, note
from inbox.conversations.reopen import reopen
from inbox.conversations.snooze import CannotSnooze, snooze
from inbox.conversations.viewers import leave, look_in, viewers
from inbox.conversations.wake import wake
from inbox.jobs import doorbell
from inbox.live import STREAM
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation, make_teammate


@pytest.fixture
def ada(session: Session) -> Teammate:
    return make_teammate(session)


@pytest.fixture
def thread(session: Session) -> Conversation:
    return make_conversation(session, make_channel(session), ("Hello?",))


def verbs(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Activity.verb).order_by(Activity.id)))


def test_assigning_is_written_down_once(session: Session, thread: Conversation, ada: Teammate) -> None:
    assert assign(session, thread, ada, by=ada)
    assert not assign(session, thread, ada, by=ada)
    assert thread.assignee_id == ada.id
    assert assign(session, thread, None, by=ada)
    assert thread.assignee_id is None
    assert verbs(session) == ["conversation.assigned"] * 2


def test_nothing_is_given_to_somebody_who_left(session: Session, thread: Conversation, ada: Teammate) -> None:
    with pytest.raises(CannotAssign, match="Bo"):
        assign(session, thread, make_teammate(session, "Bo", is_active=False), by=ada)


def test_nobody_waits_in_a_closed_conversation_until_it_is_reopened(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    waited = thread.waiting_since
    assert close(session, thread, by=ada)
    assert not close(session, thread, by=ada)
    assert (thread.state, thread.waiting_since) == (ConversationState.CLOSED, None)
    assert reopen(session, thread, by=ada)
    assert not reopen(session, thread, by=ada)
    assert (thread.state, thread.waiting_since, thread.closed_at) == (ConversationState.OPEN, waited, None)


def test_a_snoozed_conversation_wakes_at_its_time(session: Session, thread: Conversation, ada: Teammate) -> None:
    until = now() + timedelta(hours=3)
    snooze(session, thread, until, by=ada)
    assert wake(session) == []
    with time_machine.travel(until + timedelta(seconds=1)):
        assert wake(session) == [thread.id]
        assert wake(session) == []
    assert (thread.state, thread.snoozed_until) == (ConversationState.OPEN, None)


def test_a_snoozed_conversation_can_be_closed_and_stays_so(
    session: Session, thread: Conversation, ada: Teammate
) -> None:
    until = now() + timedelta(hours=3)
    snooze(session, thread, until, by=ada)
    close(session, thread, by=ada)
    with time_machine.travel(until + timedelta(seconds=1)):
        assert wake(session) == []
    assert thread.state == ConversationState.CLOSED


@pytest.mark.parametrize("away", [timedelta(seconds=-1), timedelta(days=400)])
def test_a_moment_out_of_reach_is_refused(
    session: Session, thread: Conversation, ada: Teammate, away: timedelta
) -> None:
    with pytest.raises(CannotSnooze):
        snooze(session, thread, now() + away, by=ada)


def test_a_note_never_leaves_and_waiting_goes_on(session: Session, thread: Conversation, ada: Teammate) -> None:
    waited, version = thread.waiting_since, thread.version
    written = note(session, thread, text=" Ask legal first. ", by=ada)
    assert (written.direction, written.delivery_id, written.text) == (Direction.NOTE, None, "Ask legal first.")
    assert thread.waiting_since == waited
    assert thread.version == version + 1
    with pytest.raises(EmptyText):
        note(session, thread, text=" \x00", by=ada)


def test_a_draft_is_kept_replaced_and_forgotten(session: Session, thread: Conversation, ada: Teammate) -> None:
    bo = make_teammate(session, "Bo")
    save_draft(session, thread, "one", by=ada)
    save_draft(session, thread, "two", by=ada)
    save_draft(session, thread, "mine", by=bo)
    kept = find_draft(session, thread.id, by=ada)
    assert kept is not None
    assert kept.text == "two"
    save_draft(session, thread, "  ", by=ada)
    assert find_draft(session, thread.id, by=ada) is None
    delete_draft(session, thread, by=bo)
    assert find_draft(session, thread.id, by=bo) is None


def test_viewers_are_seen_while_they_look(valkey_url: str) -> None:
    ada, bo = Teammate(id=1, name="Ada"), Teammate(id=2, name="Bo")
    look_in(7, ada)
    look_in(7, bo, typing=True)
    assert {(v.name, v.is_typing) for v in viewers([7, 8])[7]} == {("Ada", False), ("Bo", True)}
    assert [v.name for v in viewers([7], but=2)[7]] == ["Ada"]
    leave(7, bo)
    assert [v.name for v in viewers([7])[7]] == ["Ada"]
    with time_machine.travel(now() + timedelta(seconds=40)):
        assert viewers([7]) == {}


def test_without_valkey_nobody_is_seen() -> None:
    look_in(7, Teammate(id=1, name="Ada"))
    assert viewers([7]) == {}


def test_the_others_hear_who_comes_begins_to_type_and_goes(valkey_url: str) -> None:
    ada = Teammate(id=1, name="Ada")

    def told() -> int:
        return int(doorbell().xlen(STREAM))

    look_in(7, ada)
    assert told() == 1
    look_in(7, ada)
    assert told() == 1
    look_in(7, ada, typing=True)
    look_in(7, ada, typing=True)
    assert told() == 2
    leave(7, ada)
    leave(7, ada)
    assert told() == 3
