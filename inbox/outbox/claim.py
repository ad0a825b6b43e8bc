"""Gives due deliveries to one worker. From this commit on they count as possibly gone, whatever happens to the worker.

A claim is not renewed. Its attempt ends before it does, because no socket waits or writes beyond `ends_at`: so a host that
answers for ever is left, a worker that slept is too late to send, and nobody looks up what may still be leaving.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.mailbox import find_mailbox
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.database import among, skip_locked
from inbox.outbox.due import may_leave
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.trackers.models import Tracker

LEASE = timedelta(seconds=300)
# What is left of it is for storing the outcome, for clocks that differ, and for the platform to show what it took last.
ATTEMPT = 0.8

Row = TypeVar("Row", Channel, Tracker)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in a worker's hands until `ends_at`, with all that an attempt needs, to be read after the transaction."""

    delivery: Delivery
    claim: str
    ends_at: datetime
    channel: Channel | None = None
    tracker: Tracker | None = None


def claim(session: Session, ids: Collection[int], *, lease: timedelta = LEASE) -> list[Claimed]:
    """Those of these deliveries that may still leave and are nobody's, now `sending`. Commit before attempting them."""
    query = sa.select(Delivery.id).where(among(session, Delivery.id, ids), *may_leave(now()))
    # A worker may die at any point from here; only a look can then tell whether it left.
    begun = {"state": DeliveryState.SENDING, "attempts": Delivery.attempts + 1, "may_have_left": True}
    return take(session, session.scalars(skip_locked(session, query)).all(), lease, **begun)


def take(session: Session, ids: Sequence[int], lease: timedelta, **values: Any) -> list[Claimed]:
    """Give these locked deliveries to the caller for `lease`, with these `values`, and load what belongs to them."""
    if not ids:
        return []
    moment, word = now(), token_hex(16)
    query = sa.update(Delivery).where(among(session, Delivery.id, ids)).returning(Delivery)
    deliveries = session.scalars(
        query.values(claim=word, claimed_until=moment + lease, **values),
        execution_options={"synchronize_session": False, "populate_existing": True},
    ).all()
    channels = _rows(session, Channel, [each.channel_id for each in deliveries])
    trackers = _rows(session, Tracker, [each.tracker_id for each in deliveries])
    mails = [each.id for each in deliveries if each.kind == DeliveryKind.MAIL]
    mailbox = find_mailbox(session) if mails else None
    return [
        Claimed(
            each,
            word,
            moment + ATTEMPT * lease,
            channels.get(each.channel_id or 0) or (mailbox if each.id in mails else None),
            trackers.get(each.tracker_id or 0),
        )
        for each in deliveries
    ]


def _rows(session: Session, table: type[Row], ids: Collection[int | None]) -> Mapping[int, Row]:
    wanted = set(filter(None, ids))
    if not wanted:
        return {}
    return {row.id: row for row in session.scalars(sa.select(table).where(among(session, table.id, wanted)))}
