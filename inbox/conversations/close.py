"""Says that a conversation is done. A new message from outside opens it again by itself; a person can too."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.conversations.hold import hold
from inbox.conversations.models import Conversation, ConversationState, Message
from inbox.conversations.refusal import Refusal
from inbox.conversations.waiting import asking, wait_no_longer
from inbox.live import publish
from inbox.teams.models import Teammate


class WrittenMeanwhile(Refusal):
    """Somebody outside has written what the one who closes has not seen."""


def close(session: Session, conversation: Conversation, *, by: Teammate | None, seen: int | None = None) -> bool:
    """Close it; nobody waits any longer. False when it was closed already. `reopen` brings back who waited.

    `seen` is the id of the last message from outside that was shown. Raises WrittenMeanwhile when a newer one is there.
    """
    hold(session, conversation)
    if conversation.state == ConversationState.CLOSED:
        return False
    if seen is not None and _is_news(session, conversation, seen):
        raise WrittenMeanwhile(N_("Somebody has written here meanwhile."))
    conversation.state = ConversationState.CLOSED
    conversation.closed_at = now()
    conversation.snoozed_until = None
    waited = wait_no_longer(conversation)
    session.flush()
    record(session, "conversation.closed", "conversation", conversation.id, by=by, waiting_since=waited)
    publish(session, "conversations", conversation.id, state=ConversationState.CLOSED)
    return True


def _is_news(session: Session, conversation: Conversation, seen: int) -> bool:
    shown = sa.select(Message.posted_at).where(Message.id == seen).scalar_subquery()
    # By time as well: what arrives late stands above the last message, and would be news on every look.
    newer = sa.exists().where(
        Message.conversation_id == conversation.id,
        Message.id > seen,
        Message.posted_at >= shown,
        *asking(Message),
    )
    return bool(session.scalar(sa.select(newer)))
