"""Puts one effect on the outside world into the outbox. Everything that leaves goes through here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.database import insert_new
from inbox.jobs import Job, after_commit
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.teams.models import Teammate
from inbox.trackers.models import Tracker


def queue_delivery(
    session: Session,
    *,
    key: str,
    kind: DeliveryKind,
    payload: Mapping[str, Any],
    channel: Channel | None = None,
    tracker: Tracker | None = None,
    subject: tuple[str, int] | None = None,
    not_before: datetime | None = None,
    lane: str = "",
    by: Teammate | None = None,
) -> Delivery:
    """The delivery with this `key` (at most 120 characters): a new one, or the one that asked for the same effect before.

    `payload` is JSON for the connector, `subject` names the row it is about. It leaves after `not_before`, and after
    all earlier ones of its `lane`. The worker is rung for when the transaction commits.
    """
    if len(key) > 120:
        raise ValueError(f"the key of a delivery has at most 120 characters, this one has {len(key)}")
    subject_kind, subject_id = subject or ("", None)
    row = {
        "key": key,
        "kind": kind,
        "state": DeliveryState.QUEUED,
        "channel_id": channel.id if channel else None,
        "tracker_id": tracker.id if tracker else None,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "payload": dict(payload),
        "not_before": not_before or now(),
        "lane": lane,
        "teammate_id": by.id if by else None,
    }
    insert_new(session, Delivery, [row], ["key"])
    delivery = session.scalars(sa.select(Delivery).where(Delivery.key == key)).one()
    after_commit(session, Job.SEND)
    return delivery
