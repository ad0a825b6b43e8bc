"""What has been done at the source to messages and their authors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import ActName
from inbox.conversations.models import Message
from inbox.members.models import Identity
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState

LOOKED_AT = 500
MAY_STAND = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNSURE)


def acts(session: Session, message_ids: Sequence[int]) -> dict[int, list[Delivery]]:
    """The acts on each of these messages, oldest first, undoings among them; one statement."""
    if not message_ids:
        return {}
    found: dict[int, list[Delivery]] = {}
    for delivery in session.scalars(select_acts().where(Delivery.subject_id.in_(message_ids))):
        found.setdefault(delivery.subject_id or 0, []).append(delivery)
    return found


def standing(deliveries: Sequence[Delivery], name: ActName) -> Delivery | None:
    """The newest act `name` among `deliveries` that is under way or done, not undone and not over, or None."""
    undone = {delivery.key.removesuffix("-undo") for delivery in deliveries if _may_stand(delivery, name, undo=True)}
    candidates = [d for d in deliveries if _may_stand(d, name, undo=False) and d.key not in undone and not is_over(d)]
    return candidates[-1] if candidates else None


def ends_at(delivery: Delivery) -> datetime | None:
    """When the act ends by itself; None where it holds for ever."""
    until = delivery.payload.get("until")
    return datetime.fromisoformat(str(until)) if until else None


def is_over(delivery: Delivery) -> bool:
    """Whether the act was for a time that has passed."""
    end = ends_at(delivery)
    return end is not None and end <= now()


def acts_on_member(session: Session, member_id: int) -> list[Delivery]:
    """The newest 500 acts on anything this member wrote, on all channels, oldest first."""
    newest = session.scalars(
        select_acts()
        .order_by(None)
        .join(Message, Message.id == Delivery.subject_id)
        .join(Identity, Identity.id == Message.identity_id)
        .where(Identity.member_id == member_id)
        .order_by(Delivery.id.desc())
        .limit(LOOKED_AT)
    ).all()
    return list(newest[::-1])


def _may_stand(delivery: Delivery, name: ActName, *, undo: bool) -> bool:
    payload = delivery.payload
    return payload.get("name") == name and bool(payload.get("undo")) is undo and delivery.state in MAY_STAND


def select_acts() -> sa.Select[Any]:
    """Every act on a message, oldest first."""
    return (
        sa.select(Delivery)
        .where(Delivery.subject_kind == "message", Delivery.kind == DeliveryKind.ACT)
        .order_by(Delivery.id)
    )
