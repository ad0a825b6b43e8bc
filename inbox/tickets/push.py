"""Sends an idea to one tracker, through the outbox, once."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.connectors.contract import N_
from inbox.database import insert_new
from inbox.ideas.models import Idea
from inbox.ideas.refusal import IdeaRefused
from inbox.live import publish
from inbox.outbox.models import DeliveryKind, DeliveryState
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.outbox.resolve import Resolution, resolve
from inbox.teams.models import Teammate
from inbox.tickets.card import card
from inbox.tickets.models import Ticket, TicketStatus
from inbox.trackers.compose import compose
from inbox.trackers.models import Tracker


def push(session: Session, idea: Idea, tracker: Tracker, *, by: Teammate | None) -> Ticket:
    """The idea's ticket at this tracker, with its delivery queued. Pushing again sends nothing again,
    except that a delivery which failed is tried once more. Raises IdeaRefused for a merged idea or a tracker switched off.
    """
    if idea.merged_into_id is not None:
        raise IdeaRefused(N_("This idea was merged; push the one it went into."))
    found = find_ticket(session, idea, tracker)
    if found and found.delivery_id:
        _retry(session, found, by)
        return found
    if not tracker.is_active:
        raise IdeaRefused(N_("This tracker is switched off."))
    row = {"idea_id": idea.id, "tracker_id": tracker.id, "status": TicketStatus.PENDING}
    insert_new(session, Ticket, [row], ["idea_id", "tracker_id"])
    ticket = find_ticket(session, idea, tracker)
    assert ticket is not None
    written = card(session, idea, tracker)
    mail = compose(tracker, written)
    delivery = queue_delivery(
        session,
        key=written.key,
        kind=DeliveryKind.TICKET if mail is None else DeliveryKind.MAIL,
        payload=payload_of(written) if mail is None else mail,
        tracker=tracker,
        subject=("ticket", ticket.id),
        by=by,
    )
    ticket.delivery_id = delivery.id
    session.flush()
    record(session, "idea.pushed", "idea", idea.id, by=by, tracker=tracker.id, ticket=ticket.id)
    publish(session, "ideas", idea.id)
    return ticket


def find_ticket(session: Session, idea: Idea, tracker: Tracker) -> Ticket | None:
    """The ticket of an idea at a tracker, or None."""
    return session.scalar(select(Ticket).where(Ticket.idea_id == idea.id, Ticket.tracker_id == tracker.id))


def _retry(session: Session, ticket: Ticket, by: Teammate | None) -> None:
    if ticket.delivery and ticket.delivery.state == DeliveryState.FAILED and by is not None:
        resolve(session, ticket.delivery, Resolution.AGAIN, by=by)
        publish(session, "ideas", ticket.idea_id)
