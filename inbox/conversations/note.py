"""Writes something into a conversation that only the team sees."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.conversations.hold import hold
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.refusal import Refusal
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.text import storable

LONGEST = 20_000


class EmptyText(Refusal):
    """There is nothing in it."""


def note(session: Session, conversation: Conversation, *, text: str, by: Teammate) -> Message:
    """Add a note (cut at 20,000 characters). It never leaves, and who waits goes on waiting. Raises EmptyText."""
    text = storable(text, LONGEST).strip()
    if not text:
        raise EmptyText(N_("The note is empty; write something first."))
    hold(session, conversation)
    message = Message(
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        direction=Direction.NOTE,
        teammate_id=by.id,
        text=text,
        visibility="private",
        posted_at=now(),
    )
    session.add(message)
    conversation.message_count += 1
    conversation.version += 1
    session.flush()
    record(session, "conversation.noted", "conversation", conversation.id, by=by, message=message.id)
    publish(session, "conversations", conversation.id, message=message.id)
    return message
