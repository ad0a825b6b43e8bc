"""Readers of the weekly digest: adding, changing, and leaving with one click."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.record import Actor, record
from inbox.clock import now
from inbox.digests.models import Subscription


def subscribe(
    session: Session,
    *,
    email: str,
    name: str = "",
    language: str = "en",
    time_zone: str = "UTC",
    weekday: int = 1,
    hour: int = 8,
    teammate_id: int | None = None,
    by: Actor | None = None,
) -> Subscription:
    """The reader with this address, added or brought back, with these choices."""
    address = email.strip().lower()
    found = session.scalar(select(Subscription).where(Subscription.email == address))
    reader = found or Subscription(email=address, secret=secrets.token_urlsafe(24))
    reader.name, reader.language, reader.time_zone = name.strip(), language, time_zone
    reader.weekday, reader.hour, reader.unsubscribed_at = weekday, hour, None
    reader.teammate_id = teammate_id or reader.teammate_id
    session.add(reader)
    session.flush()
    record(session, "digest.subscribed", "subscription", reader.id, by=by)
    return reader


def unsubscribe(session: Session, reader: Subscription) -> None:
    """No more mail to this reader; a second click changes nothing."""
    if reader.unsubscribed_at is None:
        reader.unsubscribed_at = now()
        session.flush()
        record(session, "digest.unsubscribed", "subscription", reader.id)


def find_reader(session: Session, secret: str) -> Subscription | None:
    """The reader whose unsubscribe address carries this secret."""
    return session.scalar(select(Subscription).where(Subscription.secret == secret))
