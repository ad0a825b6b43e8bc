"""Gives a conversation to a teammate, or back to everybody."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.connectors.contract import N_
from inbox.conversations.models import Conversation
from inbox.conversations.refusal import Refusal
from inbox.live import publish
from inbox.teams.models import Teammate


class CannotAssign(Refusal):
    """The teammate is not active."""


def assign(session: Session, conversation: Conversation, assignee: Teammate | None, *, by: Teammate) -> bool:
    """Make `assignee` (None: nobody) responsible. False when that was so already. Raises CannotAssign."""
    if assignee is not None and not assignee.is_active:
        gone = N_("%(name)s can no longer sign in, so nothing can be given to them.", name=assignee.name)
        raise CannotAssign(gone)
    before = conversation.assignee_id
    after = assignee.id if assignee else None
    if before == after:
        return False
    conversation.assignee = assignee
    conversation.assignee_id = after
    session.flush()
    record(session, "conversation.assigned", "conversation", conversation.id, by=by, before=before, after=after)
    publish(session, "conversations", conversation.id, assignee=after)
    return True
