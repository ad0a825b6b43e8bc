"""Messages across conversations, in the order in which they were stored, for programs that keep up with them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.find import messages
from inbox.conversations.models import Message
from inbox.labels.models import Label

LARGEST = 200


def list_messages(
    session: Session,
    *,
    after: int = 0,
    limit: int = 50,
    channel_id: int | None = None,
    conversation_id: int | None = None,
    direction: str = "",
    tag: str = "",
    since: datetime | None = None,
) -> Sequence[Message]:
    """At most `limit` messages with an id above `after`, oldest first, with authors, labels, deliveries, attachments.

    Ids grow as messages are stored, so the last one seen is where to go on. Two statements.
    """
    query = messages().where(Message.id > after).order_by(Message.id).limit(max(1, min(limit, LARGEST)))
    if channel_id is not None:
        query = query.where(Message.channel_id == channel_id)
    if conversation_id is not None:
        query = query.where(Message.conversation_id == conversation_id)
    if direction:
        query = query.where(Message.direction == direction)
    if since is not None:
        query = query.where(Message.posted_at >= since)
    if tag:
        query = query.where(sa.exists().where(Label.message_id == Message.id, Label.primary == tag))
    return session.scalars(query).all()
