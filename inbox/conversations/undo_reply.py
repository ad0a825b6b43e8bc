"""Takes an answer back while it has not left: the message goes, its text is the author's draft again."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.connectors.contract import N_
from inbox.conversations.draft import find_draft, save_draft
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.refusal import Refusal
from inbox.conversations.waiting import wait_again
from inbox.live import publish
from inbox.outbox.cancel import cancel
from inbox.outbox.models import Delivery
from inbox.teams.models import Teammate


class TooLate(Refusal):
    """It has left, or somebody else took it back."""


def undo_reply(session: Session, message: Message, *, by: Teammate) -> Conversation:
    """Cancel the delivery, remove the message, restore draft and waiting-since; the conversation. Raises TooLate."""
    delivery = session.get(Delivery, message.delivery_id) if message.delivery_id else None
    if message.direction != Direction.OUT or delivery is None or not cancel(session, delivery, by=by):
        raise TooLate(N_("The answer is already on its way and cannot be taken back."))
    # The delivery before the conversation, as whoever settles it: no two wait for each other.
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True, populate_existing=True)
    author = session.get(Teammate, message.teammate_id) or by
    kept = find_draft(session, conversation.id, by=author)
    # What was begun in the meantime is not thrown away.
    text = f"{message.text}\n\n{kept.text}" if kept else message.text
    save_draft(session, conversation, text, by=author)
    message_id = message.id
    session.delete(message)
    session.flush()
    wait_again(session, conversation, "conversation.replied", delivery=delivery.id)
    conversation.message_count -= 1
    conversation.version += 1
    newest = session.scalar(
        sa.select(sa.func.max(Message.posted_at)).where(
            Message.conversation_id == conversation.id, Message.direction != Direction.NOTE
        )
    )
    conversation.last_message_at = newest or conversation.last_message_at
    session.flush()
    record(session, "conversation.reply_undone", "conversation", conversation.id, by=by, delivery=delivery.id)
    publish(session, "conversations", conversation.id, removed=message_id)
    return conversation
