"""Opens conversations whose snooze has ended. Called by a worker every minute; harmless to repeat."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.conversations.models import Conversation, ConversationState
from inbox.database import skip_locked
from inbox.live import publish

AT_ONCE = 500


def wake(session: Session, *, limit: int = AT_ONCE) -> list[int]:
    """Open up to `limit` conversations that are due and return their ids."""
    due = session.scalars(
        skip_locked(
            session,
            sa.select(Conversation)
            .where(Conversation.snoozed_until <= now(), Conversation.state == ConversationState.SNOOZED)
            .order_by(Conversation.snoozed_until)
            .limit(limit),
        )
    ).all()
    for conversation in due:
        conversation.state = ConversationState.OPEN
        conversation.snoozed_until = None
        record(session, "conversation.woken", "conversation", conversation.id)
    session.flush()
    if due:
        publish(session, "conversations", *(conversation.id for conversation in due), state=ConversationState.OPEN)
    return [conversation.id for conversation in due]
