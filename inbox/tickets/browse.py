"""The tickets of ideas, as boards and pages show them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.outbox.models import Delivery
from inbox.tickets.models import Ticket, TicketStatus
from inbox.trackers.models import Tracker


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket with its tracker, and the delivery that took it there."""

    id: int
    idea_id: int
    tracker_id: int
    tracker_name: str
    kind: str
    status: TicketStatus
    external_id: str
    url: str
    read_at: datetime | None
    read_error: str
    delivery: Delivery | None


def browse(session: Session, idea_ids: Collection[int]) -> dict[int, list[TicketRow]]:
    """The tickets of these ideas by idea id, in one statement."""
    if not idea_ids:
        return {}
    rows = session.execute(
        select(Ticket, Tracker.name, Tracker.kind, Delivery)
        .join(Tracker, Tracker.id == Ticket.tracker_id)
        .outerjoin(Delivery, Delivery.id == Ticket.delivery_id)
        .where(Ticket.idea_id.in_(idea_ids))
        .order_by(Ticket.id)
    )
    found: dict[int, list[TicketRow]] = {}
    for ticket, tracker_name, kind, delivery in rows:
        found.setdefault(ticket.idea_id, []).append(
            TicketRow(
                id=ticket.id,
                idea_id=ticket.idea_id,
                tracker_id=ticket.tracker_id,
                tracker_name=tracker_name,
                kind=kind,
                status=TicketStatus(ticket.status),
                external_id=ticket.external_id,
                url=ticket.url,
                read_at=ticket.read_at,
                read_error=ticket.read_error,
                delivery=delivery,
            )
        )
    return found
