"""Lets a person decide about a delivery that failed or of which nobody knows whether it arrived."""

from enum import StrEnum
from secrets import token_hex

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_, Receipt
from inbox.jobs import Job, after_commit
from inbox.outbox.models import Delivery, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.settle import close_claim, mark_queued, mark_sent
from inbox.teams.models import Teammate

GIVEN_UP = N_("Given up by a person.")


class Resolution(StrEnum):
    """It is there; send it again; leave it."""

    ARRIVED = "arrived"
    AGAIN = "again"
    GIVE_UP = "give_up"


class NothingToResolve(ValueError):
    """The delivery is neither failed nor unsure. The text is an English message id."""


def resolve(session: Session, delivery: Delivery, resolution: Resolution, *, by: Teammate) -> Delivery:
    """Settle a failed or unsure delivery as `by` says. Raises NothingToResolve when it settled in the meantime."""
    delivery = session.get_one(Delivery, delivery.id, with_for_update=True, populate_existing=True)
    if delivery.state not in (DeliveryState.FAILED, DeliveryState.UNSURE):
        raise NothingToResolve(N_("This has settled in the meantime; there is nothing left to decide."))
    before = delivery.state
    match resolution:
        case Resolution.ARRIVED:
            mark_sent(delivery, Outcome(Result.SENT, Receipt(delivery.external_id or "", delivery.url)))
        case Resolution.AGAIN:
            if delivery.came_back:
                _make_anew(delivery)
            mark_queued(delivery, "", 0)
            delivery.attempts = delivery.looks = 0
            delivery.settled_at = None
            after_commit(session, Job.SEND)
        case Resolution.GIVE_UP:
            delivery.state = DeliveryState.FAILED
            delivery.last_error = delivery.last_error or GIVEN_UP
            delivery.look_at = None
            delivery.settled_at = now()
    close_claim(session, delivery)
    record(
        session,
        "delivery.resolved",
        delivery.subject_kind,
        delivery.subject_id or 0,
        by=by,
        delivery=delivery.id,
        before=before,
        resolution=resolution,
    )
    return delivery


def _make_anew(delivery: Delivery) -> None:
    """It left once and came back. Under the same key its platform would take it for what it has had already."""
    delivery.key = f"{delivery.key[:100]}-{token_hex(8)}"
    if "key" in delivery.payload:
        delivery.payload = {**delivery.payload, "key": delivery.key}
    delivery.external_id, delivery.url = None, ""
