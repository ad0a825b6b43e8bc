"""Finds deliveries whose worker vanished, and those without an answer, and settles them by what a look has shown."""

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.database import among, skip_locked
from inbox.jobs import Job, after_commit
from inbox.outbox.claim import LEASE, Claimed, take
from inbox.outbox.due import may_be_looked_up
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.settle import (
    FIRST_LOOK,
    PAUSES,
    close_claim,
    is_exhausted,
    mark_failed,
    mark_queued,
    mark_sent,
    mark_unsure,
)
from inbox.sentence import N_

AT_ONCE = 200
# A platform that cannot be reached is asked again after these many minutes; then a person decides.
LOOK_PAUSES = (1, 5, 30, 120, 360)
VANISHED = N_("The worker stopped while sending; whether it arrived is being looked up.")


def rescue(session: Session) -> list[Delivery]:
    """Make deliveries whose claim has run out unsure and due for a look, and return them."""
    lost = session.scalars(
        skip_locked(
            session,
            sa.select(Delivery)
            .where(Delivery.state == DeliveryState.SENDING, Delivery.claimed_until < now())
            .order_by(Delivery.id)
            .limit(AT_ONCE),
        )
    ).all()
    for delivery in lost:
        mark_unsure(delivery, VANISHED)
        delivery.look_at = now()
        close_claim(session, delivery)
    return list(lost)


def claim_looks(session: Session, ids: Collection[int], *, lease: timedelta = LEASE) -> list[Claimed]:
    """Those of these unsure deliveries that are still due for a look, held by the caller."""
    query = sa.select(Delivery.id).where(among(session, Delivery.id, ids), *may_be_looked_up(now()))
    held = session.scalars(skip_locked(session, query)).all()
    # Should this worker vanish too, the look itself is due again when its lease has run out; not for ever, if it is the
    # look or its outcome that breaks the worker.
    again = sa.case((Delivery.looks < len(LOOK_PAUSES), sa.literal(now() + lease, Delivery.look_at.type)))
    return take(session, held, lease, looks=Delivery.looks + 1, look_at=again)


def settle_look(session: Session, claimed: Claimed, outcome: Outcome) -> Delivery | None:
    """Store what a look has shown: arrived, surely not (sent again, so often), or still unsure. None when the claim is lost."""
    delivery = session.get(Delivery, claimed.delivery.id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.state != DeliveryState.UNSURE or delivery.claim != claimed.claim:
        return None
    if outcome.result == Result.SENT:
        mark_sent(delivery, outcome)
    elif outcome.result == Result.LATER:
        _send_again(session, delivery, outcome)
    else:
        mark_unsure(delivery, outcome.reason, outcome.receipt.external_id)
        again = outcome.look_again and delivery.looks <= len(LOOK_PAUSES)
        delivery.look_at = now() + timedelta(minutes=LOOK_PAUSES[delivery.looks - 1]) if again else None
    close_claim(session, delivery)
    return delivery


def _send_again(session: Session, delivery: Delivery, outcome: Outcome) -> None:
    if not is_exhausted(delivery):
        # A platform that loses every answer is not asked every minute for ever. The look has waited already.
        wait = PAUSES[delivery.attempts - 1] - FIRST_LOOK.total_seconds()
        delivery.looks = 0
        mark_queued(delivery, outcome.reason, max(wait, 0))
        after_commit(session, Job.SEND)
        return
    gaps = {"number": delivery.attempts, "reason": delivery.last_error}
    if delivery.kind == DeliveryKind.ACT:
        # Nobody has looked: an act is done again instead.
        told = N_(
            "After %(number)s attempts nobody knows whether it is done; please check and decide. %(reason)s", **gaps
        )
        mark_unsure(delivery, told)
        delivery.look_at = None
    else:
        told = N_("It had not arrived after %(number)s attempts, and is not sent again by itself. %(reason)s", **gaps)
        mark_failed(session, delivery, told)
