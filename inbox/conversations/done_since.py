"""How much has been finished, for whoever has emptied a view."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Conversation, ConversationState


def done_since(session: Session, moment: datetime) -> int:
    """The number of conversations closed after `moment` and still closed."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Conversation.state == ConversationState.CLOSED, Conversation.closed_at >= moment
            )
        )
        or 0
    )
