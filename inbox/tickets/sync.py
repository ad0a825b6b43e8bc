"""Takes over what a tracker says about a ticket: how it stands, or why it cannot be read.

A finished ticket ships the idea, a declined one declines it, a reopened one puts it back to being built.
"""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import ConnectorError, Gone
from inbox.connectors.tracker_contract import TicketState
from inbox.ideas.find import find_idea
from inbox.ideas.models import IdeaState
from inbox.ideas.progress import NEXT, progress
from inbox.live import publish
from inbox.tickets.models import Ticket, TicketStatus

READ_EVERY = timedelta(minutes=10)
QUIET_AFTER = timedelta(days=14)
READ_QUIET_EVERY = timedelta(hours=2)
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=12)
STATUS = {"open": TicketStatus.OPEN, "done": TicketStatus.DONE, "declined": TicketStatus.DECLINED}
SHIPS_FROM = {IdeaState.BUILDING, IdeaState.PLANNED, IdeaState.REVIEWING}


def sync(session: Session, ticket_id: int, seen: TicketState | ConnectorError) -> bool:
    """Store the state that was read, or why it could not be, and move the idea by it. Returns whether the idea moved."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        return False
    # Two tickets that end at once would each wait for the other.
    find_idea(session, ticket.idea_id, lock=True)
    session.refresh(ticket)
    ticket.read_at = now()
    publish(session, "ideas", ticket.idea_id)
    if isinstance(seen, ConnectorError):
        _store_fault(ticket, seen)
        session.flush()
        return False
    before, after = ticket.status, STATUS.get(seen.state, TicketStatus.OPEN)
    ticket.status, ticket.read_error, ticket.read_failures = after, "", 0
    ticket.url = seen.url or ticket.url
    ticket.read_due_at = now() + _pause(ticket, after)
    ticket.tracker.last_success_at, ticket.tracker.last_error = now(), ""
    session.flush()
    if before == after:
        return False
    record(session, "ticket.moved", "ticket", ticket.id, before=before, after=after)
    return _move(session, ticket, before, after)


def _store_fault(ticket: Ticket, error: ConnectorError) -> None:
    """A blip backs off; what is gone at the tracker is not read again."""
    ticket.read_error = error.sentence
    ticket.read_failures += 1
    pause = min(FIRST_PAUSE * 2 ** min(ticket.read_failures - 1, 10), LONGEST_PAUSE)
    pause = max(pause, timedelta(seconds=min(error.retry_after or 0.0, LONGEST_PAUSE.total_seconds())))
    ticket.read_due_at = None if isinstance(error, Gone) else now() + pause
    if error.needs_person:
        ticket.tracker.last_error = ticket.read_error


def _move(session: Session, ticket: Ticket, before: TicketStatus, after: TicketStatus) -> bool:
    idea = ticket.idea
    # What a merged idea's old ticket does says nothing about the idea it went into: duplicates are often just closed.
    if idea.merged_into_id is not None:
        return False
    reopened = after == TicketStatus.OPEN and before in (TicketStatus.DONE, TicketStatus.DECLINED)
    if after == TicketStatus.DONE and idea.state in SHIPS_FROM and not _waits_for_others(session, ticket):
        target = IdeaState.SHIPPED
    elif after == TicketStatus.DECLINED and not _waits_for_others(session, ticket):
        target = IdeaState.DECLINED
    elif reopened and idea.state in (IdeaState.SHIPPED, IdeaState.DECLINED):
        target = IdeaState.BUILDING
    else:
        return False
    if target not in NEXT[IdeaState(idea.state)]:
        return False
    return progress(session, idea, target, by=None, ticket=ticket.id)


def _waits_for_others(session: Session, ticket: Ticket) -> bool:
    """Work that is split over several trackers is over when all of it is."""
    others = select(func.count()).where(
        Ticket.idea_id == ticket.idea_id, Ticket.id != ticket.id, Ticket.status == TicketStatus.OPEN
    )
    return bool(session.scalar(others))


def _pause(ticket: Ticket, status: TicketStatus) -> timedelta:
    quiet = status != TicketStatus.OPEN or now() - ticket.created_at > QUIET_AFTER
    return READ_QUIET_EVERY if quiet else READ_EVERY
