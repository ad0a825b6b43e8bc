"""Finds the tickets whose state is to be read again, and keeps other workers off them meanwhile."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from inbox.clock import now
from inbox.database import skip_locked
from inbox.tickets.models import Ticket
from inbox.trackers.models import Tracker

# Longer than reading a whole batch can take; a worker that dies leaves its tickets due again after it.
LEASE = timedelta(minutes=15)


def due(session: Session, *, limit: int = 50) -> Sequence[Ticket]:
    """Up to `limit` due tickets with their trackers, the most overdue first; they are not due for a quarter of an hour."""
    query = (
        select(Ticket)
        .join(Tracker, Tracker.id == Ticket.tracker_id)
        .where(Ticket.read_due_at <= now(), Tracker.is_active)
        .order_by(Ticket.read_due_at, Ticket.id)
        .limit(limit)
    )
    tickets = session.scalars(skip_locked(session, query)).all()
    for ticket in tickets:
        ticket.read_due_at = now() + LEASE
    session.flush()
    if not tickets:
        return []
    loaded = select(Ticket).where(Ticket.id.in_([ticket.id for ticket in tickets])).options(joinedload(Ticket.tracker))
    return session.scalars(loaded.order_by(Ticket.id)).all()
