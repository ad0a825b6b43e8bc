"""Writes a reader's digest down and hands it to the outbox, in one transaction: at most one per reader and week."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.database import insert
from inbox.digests.collect import collect, is_empty
from inbox.digests.models import Digest, Subscription
from inbox.insights.week import Week, week_of
from inbox.outbox.models import DeliveryKind
from inbox.outbox.queue import queue_delivery


def send(
    session: Session,
    reader: Subscription,
    week: Week,
    snapshot: dict[str, Any],
    secret: str,
    mail: dict[str, Any] | None,
) -> Digest | None:
    """The new digest with its delivery; without `mail` (an empty week) only the row. None when this reader has one already."""
    made = session.scalar(
        insert(session, Digest)
        .values(
            subscription_id=reader.id,
            iso_week=week.name,
            secret=secret,
            language=reader.language,
            snapshot=snapshot,
            subject=mail["subject"] if mail else "",
            is_empty=mail is None,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["subscription_id", "iso_week"])
        .returning(Digest.id)
    )
    if made is None:
        return None
    digest = session.get_one(Digest, made)
    if mail is not None:
        key = f"digest-{reader.id}-{week.name}"
        delivery = queue_delivery(session, key=key, kind=DeliveryKind.MAIL, payload=mail, subject=("digest", made))
        digest.delivery_id = delivery.id
        session.flush()
    return digest


def send_now(
    session: Session,
    write: Callable[[Subscription, Week, dict[str, Any], str], dict[str, Any]],
    at: datetime,
) -> int:
    """This week's digest, so far, for every reader who has none for it yet; returns how many mails were queued."""
    snapshots: dict[str, dict[str, Any]] = {}
    queued = 0
    for reader in session.scalars(select(Subscription).where(Subscription.unsubscribed_at.is_(None))).all():
        week = week_of(at.astimezone(ZoneInfo(reader.time_zone)).date(), reader.time_zone)
        snapshot = snapshots.setdefault(reader.time_zone, collect(session, week))
        if not is_empty(snapshot):
            secret = secrets.token_urlsafe(24)
            queued += send(session, reader, week, snapshot, secret, write(reader, week, snapshot, secret)) is not None
    return queued


def send_trial(session: Session, mail: dict[str, Any], teammate_id: int) -> None:
    """Queue a copy for one teammate, outside of the count of one a week."""
    key = f"digest-trial-{teammate_id}-{secrets.token_hex(8)}"
    queue_delivery(session, key=key, kind=DeliveryKind.MAIL, payload=mail, subject=("teammate", teammate_id))


def archive(session: Session, limit: int = 100) -> list[Digest]:
    """The newest digest of each week and language that was written to somebody, newest week first."""
    newest = select(func.max(Digest.id)).where(Digest.is_empty.is_(False)).group_by(Digest.iso_week, Digest.language)
    return list(
        session.scalars(
            select(Digest).where(Digest.id.in_(newest)).order_by(Digest.iso_week.desc(), Digest.language).limit(limit)
        )
    )


def find_digest(session: Session, secret: str) -> Digest | None:
    """The digest whose archive address carries this secret."""
    return session.scalar(select(Digest).where(Digest.secret == secret, Digest.is_empty.is_(False)))
