"""Tickets whose state is to be read again, each with the host that it has to wait for; claimed, other workers keep off."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from inbox.clock import now
from inbox.database import among, skip_locked
from inbox.tickets.models import Ticket
from inbox.trackers.models import Tracker

# Longer than reading one can take; a worker that dies leaves its tickets due again after it.
LEASE = timedelta(minutes=15)


def find_due(
    session: Session, *, besides: Collection[int] = (), without: Collection[str] = ()
) -> Sequence[tuple[int, str]]:
    """Every due ticket with its tracker's host, the most overdue first; nothing is claimed.

    None of the tickets `besides`, and none of the hosts `without`.
    """
    rows = session.execute(
        sa.select(Ticket.id, Tracker.host)
        .join(Tracker, Tracker.id == Ticket.tracker_id)
        .where(*_is_due(), Ticket.id.not_in(besides), Tracker.host.not_in(without))
        .order_by(Ticket.read_due_at, Ticket.id)
    )
    return [(number, host) for number, host in rows]


def claim(session: Session, ids: Collection[int]) -> Sequence[Ticket]:
    """Those of these tickets that are still due, with their trackers; they are not due for a quarter of an hour."""
    query = sa.select(Ticket).join(Tracker, Tracker.id == Ticket.tracker_id).where(among(session, Ticket.id, ids))
    query = query.where(*_is_due()).options(joinedload(Ticket.tracker)).order_by(Ticket.id)
    tickets = session.scalars(skip_locked(session, query, Ticket)).all()
    held = sa.update(Ticket).where(among(session, Ticket.id, [ticket.id for ticket in tickets]))
    session.execute(held.values(read_due_at=now() + LEASE).execution_options(synchronize_session=False))
    return tickets


def _is_due() -> tuple[sa.ColumnElement[bool], ...]:
    return Ticket.read_due_at <= now(), Tracker.is_active.is_(True)
