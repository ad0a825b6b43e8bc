"""Tells the row that a delivery is about what became of it. Shared by the recipes that settle deliveries."""

from sqlalchemy.orm import Session

from inbox.conversations.settle_reply import settle_reply
from inbox.moderation.settle_act import settle_act
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.tickets.settle_ticket import settle_ticket


def spread(session: Session, delivery: Delivery | None) -> None:
    """Tell the row that the delivery is about what became of it."""
    if delivery is not None and delivery.kind == DeliveryKind.REPLY:
        settle_reply(session, delivery)
    elif delivery is not None and delivery.kind == DeliveryKind.ACT:
        settle_act(session, delivery)
    elif delivery is not None and delivery.subject_kind == "ticket":
        settle_ticket(session, delivery)
