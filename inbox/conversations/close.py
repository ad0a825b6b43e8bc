"""Says that a conversation is done. A new message from outside opens it again by itself; a person can too."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.conversations.hold import hold
from inbox.conversations.models import Conversation, ConversationState
from inbox.live import publish
from inbox.teams.models import Teammate


def close(session: Session, conversation: Conversation, *, by: Teammate | None) -> bool:
    """Close it; nobody waits any longer. False when it was closed already. `reopen` brings back who waited."""
    hold(session, conversation)
    if conversation.state == ConversationState.CLOSED:
        return False
    waiting = conversation.waiting_since
    conversation.state = ConversationState.CLOSED
    conversation.closed_at = now()
    conversation.snoozed_until = None
    conversation.waiting_since = None
    session.flush()
    record(
        session,
        "conversation.closed",
        "conversation",
        conversation.id,
        by=by,
        waiting_since=waiting.isoformat() if waiting else None,
    )
    publish(session, "conversations", conversation.id, state=ConversationState.CLOSED)
    return True
