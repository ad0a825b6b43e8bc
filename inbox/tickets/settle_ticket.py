"""Tells a ticket, and its tracker, what became of the delivery that takes it there. Called beside every settlement."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.live import publish
from inbox.outbox.models import Delivery, DeliveryState
from inbox.tickets.models import Ticket, TicketStatus
from inbox.tickets.sync import READ_EVERY
from inbox.trackers.open import tells_state


def settle_ticket(session: Session, delivery: Delivery) -> Ticket | None:
    """The ticket learns where it lives, or its tracker what went wrong; repeatable. None when it is of no ticket."""
    ticket = session.scalar(select(Ticket).where(Ticket.delivery_id == delivery.id))
    if ticket is None:
        return None
    if delivery.state == DeliveryState.SENT and ticket.status == TicketStatus.PENDING:
        reads = tells_state(ticket.tracker.kind) and bool(delivery.external_id)
        ticket.external_id, ticket.url = delivery.external_id or "", delivery.url
        ticket.status = TicketStatus.OPEN if reads else TicketStatus.UNREADABLE
        ticket.read_due_at = now() + READ_EVERY if reads else None
        ticket.tracker.last_success_at, ticket.tracker.last_error = now(), ""
        record(session, "idea.arrived", "idea", ticket.idea_id, ticket=ticket.id, tracker=ticket.tracker_id)
    elif delivery.state in (DeliveryState.FAILED, DeliveryState.UNSURE):
        ticket.tracker.last_error = delivery.last_error
        if ticket.status == TicketStatus.UNREADABLE:
            # It left by mail and came back: nobody there has heard of the idea.
            ticket.status, ticket.external_id, ticket.url = TicketStatus.PENDING, "", ""
    session.flush()
    publish(session, "ideas", ticket.idea_id)
    return ticket
