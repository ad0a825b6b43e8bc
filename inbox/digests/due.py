"""Who is due for which week: once the reader's own clock has passed their weekday and hour, until it has been done."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.database import among
from inbox.digests.models import Digest, Subscription
from inbox.insights.week import Week, week_at, week_of

BATCH = 200


def due_week(reader: Subscription, at: datetime) -> Week | None:
    """The week this reader should have heard about by `at`: the one before the week of their last appointment.

    None when they subscribed after that appointment. An hour that a clock change skips counts from the next one.
    """
    zone = ZoneInfo(reader.time_zone)
    today = at.astimezone(zone).date()
    appointment_day = today - timedelta(days=(today.isoweekday() - reader.weekday) % 7)
    appointment = datetime.combine(appointment_day, time(reader.hour), zone)
    if appointment > at:
        appointment_day -= timedelta(days=7)
        appointment = datetime.combine(appointment_day, time(reader.hour), zone)
    return None if reader.created_at > appointment else week_of(appointment_day, reader.time_zone).before(1)


@dataclass(frozen=True)
class Due:
    """Readers who are due, each with their week. `last_id` is where to go on; None after the last reader."""

    found: list[tuple[Subscription, Week]]
    last_id: int | None


def due(session: Session, at: datetime, *, after_id: int = 0) -> Due:
    """Look at up to 200 readers with an id above `after_id`; whoever already got their week is left out."""
    readers = session.scalars(
        select(Subscription)
        .where(Subscription.unsubscribed_at.is_(None), Subscription.id > after_id)
        .order_by(Subscription.id)
        .limit(BATCH)
    ).all()
    found = _without_digest(session, [(reader, week) for reader in readers if (week := due_week(reader, at))])
    return Due(found, readers[-1].id if len(readers) == BATCH else None)


def due_now(session: Session, at: datetime) -> list[tuple[Subscription, Week]]:
    """All readers with the week that it is for them at `at`, without those who have that week's digest already."""
    readers = session.scalars(
        select(Subscription).where(Subscription.unsubscribed_at.is_(None)).order_by(Subscription.id)
    ).all()
    return _without_digest(session, [(reader, week_at(at, reader.time_zone)) for reader in readers])


def _without_digest(session: Session, pairs: list[tuple[Subscription, Week]]) -> list[tuple[Subscription, Week]]:
    done = {
        (reader_id, name)
        for reader_id, name in session.execute(
            select(Digest.subscription_id, Digest.iso_week).where(
                among(session, Digest.subscription_id, [reader.id for reader, _ in pairs]),
                Digest.iso_week.in_({week.name for _, week in pairs}),
            )
        )
    }
    return [(reader, week) for reader, week in pairs if (reader.id, week.name) not in done]
