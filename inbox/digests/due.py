"""Who is due for which week: once the reader's own clock has passed their weekday and hour, until it has been done."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.digests.models import Digest, Subscription
from inbox.insights.week import Week, week_of

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
    weeks = {reader.id: week for reader in readers if (week := due_week(reader, at))}
    done = {
        (reader_id, name)
        for reader_id, name in session.execute(
            select(Digest.subscription_id, Digest.iso_week).where(
                Digest.subscription_id.in_(weeks), Digest.iso_week.in_({week.name for week in weeks.values()})
            )
        )
    }
    found = [
        (reader, week) for reader in readers if (week := weeks.get(reader.id)) and (reader.id, week.name) not in done
    ]
    return Due(found, readers[-1].id if len(readers) == BATCH else None)
