"""The rows behind the numbers of a channel's ledger, and what came last, as it came."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from inbox.channels.models import Tombstone
from inbox.conversations.models import Message, Revision

LARGEST = 200
LAST = 5


class Place(StrEnum):
    """Where something that was fetched went, as far as there are rows for it."""

    STORED = "stored"
    EDITED = "edited"
    TOMBSTONED = "tombstoned"


def list_arrivals(session: Session, channel_id: int, day: date, place: Place) -> Sequence[Message]:
    """Up to 200 messages of the channel that on that UTC day were stored, edited or told to be gone, oldest first."""
    query = sa.select(Message).where(Message.channel_id == channel_id, Message.external_id.is_not(None))
    match place:
        case Place.STORED:
            # What left here came back by being linked, not by being stored.
            query = query.where(_within(Message.received_at, day), Message.delivery_id.is_(None))
        case Place.EDITED:
            edits = sa.select(Revision.message_id).where(_within(Revision.replaced_at, day))
            query = query.where(Message.id.in_(edits))
        case Place.TOMBSTONED:
            query = query.where(_within(sa.func.coalesce(Message.told_at, Message.deleted_at), day))
    query = query.options(joinedload(Message.conversation), joinedload(Message.identity))
    return session.scalars(query.order_by(Message.received_at, Message.id).limit(LARGEST)).all()


def list_unseen_deletions(session: Session, channel_id: int, day: date) -> Sequence[str]:
    """Up to 200 ids of messages that were gone before they were ever seen, told of on that UTC day."""
    told_at = sa.func.coalesce(Tombstone.told_at, Tombstone.deleted_at)
    query = sa.select(Tombstone.external_id).where(Tombstone.channel_id == channel_id, _within(told_at, day))
    return session.scalars(query.order_by(Tombstone.id).limit(LARGEST)).all()


def list_last(session: Session, channel_id: int) -> Sequence[Message]:
    """The five messages that came last, as far as what came is kept."""
    query = sa.select(Message).where(Message.channel_id == channel_id, Message.raw != "")
    return session.scalars(query.order_by(Message.received_at.desc()).limit(LAST)).all()


def _within(column: Any, day: date) -> sa.ColumnElement[bool]:
    begin = datetime.combine(day, time.min, UTC)
    return sa.and_(column >= begin, column < begin + timedelta(days=1))
