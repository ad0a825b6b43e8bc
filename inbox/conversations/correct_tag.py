"""Corrects the tags of a message and brings its conversation's along."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from inbox.conversations.models import Message
from inbox.conversations.retag import hold_conversations, retag
from inbox.labels.correct import correct
from inbox.labels.models import Correction, Tag
from inbox.live import publish
from inbox.teams.models import Teammate


def correct_tag(session: Session, message: Message, tags: Sequence[Tag | str], *, by: Teammate) -> Correction | None:
    """`labels/correct` for a message, seen in the list at once. None when nothing changed. Raises CannotCorrect."""
    hold_conversations(session, [message.id])
    correction = correct(session, message.id, tags, by=by)
    if correction is not None:
        retag(session, [message.id])
        session.expire(message, ["label"])
        publish(session, "conversations", message.conversation_id, message=message.id)
    return correction
