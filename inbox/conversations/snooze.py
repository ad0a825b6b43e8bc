"""Puts a conversation aside until a moment; a new message from outside wakes it earlier."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import as_utc, now
from inbox.connectors.contract import N_
from inbox.conversations.hold import hold
from inbox.conversations.models import Conversation, ConversationState
from inbox.conversations.refusal import Refusal
from inbox.live import publish
from inbox.teams.models import Teammate

LONGEST = timedelta(days=366)


class CannotSnooze(Refusal):
    """The moment is past or too far away."""


def snooze(session: Session, conversation: Conversation, until: datetime, *, by: Teammate) -> None:
    """Put it aside until `until` (aware; at most a year away). Raises CannotSnooze."""
    until = as_utc(until)
    if until <= now():
        raise CannotSnooze(N_("That moment is past; choose a later one."))
    if until > now() + LONGEST:
        raise CannotSnooze(N_("A conversation can sleep for a year at most; choose an earlier moment."))
    hold(session, conversation)
    conversation.state = ConversationState.SNOOZED
    conversation.snoozed_until = until
    conversation.closed_at = None
    session.flush()
    record(session, "conversation.snoozed", "conversation", conversation.id, by=by, until=until.isoformat())
    publish(session, "conversations", conversation.id, state=ConversationState.SNOOZED)
