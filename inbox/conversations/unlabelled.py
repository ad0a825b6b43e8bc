"""Finds messages that no classifier has spoken about yet, and marks them once one has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import given

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A message for the classifier; `edited_at` tells later whether it still has this text."""

    id: int
    text: str
    language: str
    edited_at: datetime | None


def find_unlabelled(session: Session, *, limit: int = AT_ONCE) -> Sequence[Unlabelled]:
    """Up to `limit` messages from outside without a label, the newest first: those are what people look at."""
    rows = session.execute(
        sa.select(Message.id, Message.text, Message.language, Message.edited_at)
        # The words of the partial index: with a bound parameter SQLite would not see that it may use it.
        .where(Message.labelled_at.is_(None), Message.deleted_at.is_(None), sa.literal_column("direction = 'in'"))
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [Unlabelled(*row) for row in rows]


def mark_labelled(session: Session, read: Sequence[Unlabelled]) -> set[int]:
    """Mark those that still have the text that was read, in one statement, and return their ids.

    A message that was edited or deleted meanwhile is left for the next round.
    """
    if not read:
        return set()
    # Each edit at the source moves `edited_at`.
    rows = given(session, Message, ("id", "edited_at"), [(message.id, message.edited_at) for message in read])
    same = Message.edited_at.is_not_distinct_from(rows.c.edited_at)
    marked = session.scalars(
        sa.update(Message)
        .where(Message.id == rows.c.id, Message.labelled_at.is_(None), Message.deleted_at.is_(None), same)
        .values(labelled_at=now())
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return set(marked)
