"""Tells the row that a delivery is about what became of it. Called beside every settlement, by a worker or by a person."""

from sqlalchemy.orm import Session

from inbox.conversations.settle_reply import settle_reply
from inbox.moderation.settle_act import settle_act
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.tickets.settle_ticket import settle_ticket


def spread(session: Session, delivery: Delivery | None) -> None:
    """An answer, an act or a ticket takes over what its delivery knows; repeatable. Mail, and None, is of no row."""
    if delivery is None:
        return
    if delivery.kind == DeliveryKind.REPLY:
        settle_reply(session, delivery)
    elif delivery.kind == DeliveryKind.ACT:
        settle_act(session, delivery)
    elif delivery.subject_kind == "ticket":
        settle_ticket(session, delivery)
