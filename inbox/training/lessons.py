"""What people taught: the newest standing correction of every message that may be learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.conversations.models import Message
from inbox.labels.models import Correction, Label
from inbox.training.teachable import teachable, with_author

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Lesson:
    """One message and the tags, separated by spaces, that a teammate says it has; none: it is something else."""

    correction_id: int
    message_id: int
    teammate_id: int | None
    text: str
    tags: str
    language: str


def lessons(session: Session, *, most: int) -> Sequence[Lesson]:
    """The newest `most`, the oldest of them first, in one statement. Confirmations count; what was undone does not.

    Nor does a message that was edited later: the correction was about other words.
    """
    later = aliased(Correction)
    query = (
        sa.select(
            Correction.id,
            Message.id,
            Correction.teammate_id,
            sa.func.substr(Message.text, 1, LONGEST),
            Correction.after,
            sa.func.coalesce(Label.language, Message.language),
        )
        .join(Message, Message.id == Correction.message_id)
        .join(Label, Label.message_id == Message.id, isouter=True)
    )
    rows = session.execute(
        with_author(query)
        .where(
            Correction.undone_at.is_(None),
            ~sa.exists().where(
                later.message_id == Correction.message_id, later.id > Correction.id, later.undone_at.is_(None)
            ),
            sa.or_(Message.edited_at.is_(None), Message.edited_at <= Correction.at),
            teachable(),
        )
        .order_by(Correction.id.desc())
        .limit(most)
    )
    return [Lesson(*row) for row in rows][::-1]
