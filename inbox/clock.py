"""The one place that knows what time it is, so that tests can say otherwise."""

from datetime import UTC, datetime

EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a moment without a zone is taken to be UTC, one outside of UTC's years is the nearest in them."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return LATEST if moment.year > 1 else EARLIEST


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of the moments that are told, or None."""
    return min(filter(None, moments), default=None)
