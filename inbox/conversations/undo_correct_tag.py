"""Takes a correction of a message's tags back, in its conversation too."""

from sqlalchemy.orm import Session

from inbox.conversations.models import Message
from inbox.conversations.retag import hold_conversations, retag
from inbox.labels.models import Correction
from inbox.labels.undo_correction import undo_correction
from inbox.live import publish
from inbox.teams.models import Teammate


def undo_correct_tag(session: Session, correction: Correction, *, by: Teammate) -> Message:
    """`labels/undo_correction` for its message, seen in the list at once; the message. Raises CannotUndo."""
    hold_conversations(session, [correction.message_id])
    undo_correction(session, correction, by=by)
    retag(session, [correction.message_id])
    message = session.get_one(Message, correction.message_id)
    session.expire(message, ["label"])
    publish(session, "conversations", message.conversation_id, message=message.id)
    return message
