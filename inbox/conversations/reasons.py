"""Why a message got its tag. A page asks, a worker reads the text, finds the reasons and keeps them for the page."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Direction, Message
from inbox.conversations.unlabelled import Unlabelled
from inbox.database import among, insert
from inbox.labels.models import Reasons
from inbox.live import publish

KEPT = timedelta(days=30)


def find_reasons(session: Session, message_id: int) -> Reasons | None:
    """The reasons that were kept for the text as it is now, or None."""
    return session.get(Reasons, message_id)


def find_text(session: Session, message_id: int) -> Unlabelled | None:
    """The text to give reasons for; None where there is none any more, or it is not from outside."""
    row = session.execute(
        sa.select(Message.id, Message.text, Message.language, Message.edited_at).where(
            Message.id == message_id, Message.direction == Direction.IN.value, Message.deleted_at.is_(None)
        )
    ).one_or_none()
    return Unlabelled(*row) if row else None


def keep_reasons(session: Session, read: Unlabelled, model_version: str, shares: dict[str, Any]) -> None:
    """Keep the reasons over earlier ones and tell open browsers; not for a text that was edited or deleted meanwhile."""
    same = Message.edited_at.is_not_distinct_from(sa.literal(read.edited_at, Message.edited_at.type))
    if not session.scalar(
        sa.select(Message.id).where(Message.id == read.id, Message.deleted_at.is_(None), same).with_for_update()
    ):
        return
    found = {"model_version": model_version[:60], "shares": shares, "made_at": now()}
    query = insert(session, Reasons).values(message_id=read.id, **found)
    session.execute(query.on_conflict_do_update(index_elements=["message_id"], set_=found))
    publish(session, "reasons", read.id)


def forget_reasons(session: Session, message_ids: Collection[int] | None = None) -> None:
    """Forget the reasons of these messages, whose text is another or gone; else of all that nobody has asked for in a month."""
    old = Reasons.made_at < now() - KEPT if message_ids is None else among(session, Reasons.message_id, message_ids)
    session.execute(sa.delete(Reasons).where(old).execution_options(synchronize_session=False))
