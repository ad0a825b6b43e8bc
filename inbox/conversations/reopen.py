"""Takes a conversation up again: undoes closing and snoozing."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.conversations.hold import hold
from inbox.conversations.models import Conversation, ConversationState
from inbox.conversations.waiting import wait_again
from inbox.live import publish
from inbox.teams.models import Teammate


def reopen(session: Session, conversation: Conversation, *, by: Teammate | None) -> bool:
    """Open it; who waited when it was closed waits again. False when it was open already."""
    hold(session, conversation)
    if conversation.state == ConversationState.OPEN:
        return False
    before = conversation.state
    if before == ConversationState.CLOSED:
        wait_again(session, conversation, "conversation.closed")
    conversation.state = ConversationState.OPEN
    conversation.closed_at = None
    conversation.snoozed_until = None
    session.flush()
    record(session, "conversation.reopened", "conversation", conversation.id, by=by, before=before)
    publish(session, "conversations", conversation.id, state=ConversationState.OPEN)
    return True
