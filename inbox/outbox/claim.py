"""Gives one due delivery to one worker. From this commit on it counts as possibly gone, whatever happens to the worker."""

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.channels.mailbox import find_mailbox
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.database import skip_locked
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.trackers.models import Tracker

# Longer than any attempt lasts: the job that makes it is stopped after this time.
LEASE = timedelta(seconds=300)
UNSETTLED = (DeliveryState.QUEUED, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in a worker's hands, with all that an attempt needs, to be read after the transaction has ended."""

    delivery: Delivery
    claim: str
    channel: Channel | None = None
    tracker: Tracker | None = None


def claim(session: Session, *, lease: timedelta = LEASE) -> Claimed | None:
    """The longest due delivery whose lane is free, now `sending`; None when nothing is due. Commit before attempting it."""
    earlier = aliased(Delivery)
    lane_is_busy = (
        sa.select(earlier.id)
        .where(earlier.lane == Delivery.lane, earlier.state.in_(UNSETTLED), earlier.id < Delivery.id)
        .exists()
    )
    due = (
        sa.select(Delivery)
        .where(Delivery.state == DeliveryState.QUEUED, Delivery.not_before <= now())
        .where((Delivery.lane == "") | ~lane_is_busy)
        .order_by(Delivery.not_before, Delivery.id)
        .limit(1)
    )
    delivery = session.scalar(skip_locked(session, due))
    if delivery is None:
        return None
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    # A worker may die at any point from here; only a look can then tell whether it left.
    delivery.may_have_left = True
    return take(session, delivery, lease)


def take(session: Session, delivery: Delivery, lease: timedelta) -> Claimed:
    """Mark `delivery` as held by the caller for `lease` and load what belongs to it."""
    delivery.claim = token_hex(16)
    delivery.claimed_until = now() + lease
    session.flush()
    tracker = session.get(Tracker, delivery.tracker_id) if delivery.tracker_id else None
    return Claimed(delivery, delivery.claim, _channel(session, delivery), tracker)


def _channel(session: Session, delivery: Delivery) -> Channel | None:
    if delivery.channel_id:
        return session.get(Channel, delivery.channel_id)
    return find_mailbox(session) if delivery.kind == DeliveryKind.MAIL else None
