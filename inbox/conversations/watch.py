"""When a stored message is asked for again, ever more rarely, and how long its words may stay. Nothing but dates."""

from datetime import datetime, timedelta

from inbox.clock import earliest
from inbox.connectors.contract import Retention

# What is edited or deleted at all is so mostly within hours.
AGES = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 30 * 24))
# Terms count to the minute; platforms are away for hours.
AHEAD = timedelta(days=1)


def next_ask(posted_at: datetime, moment: datetime, retention: Retention) -> datetime | None:
    """When to ask for a message after `moment`: at the next age, or before its terms forbid to keep it unasked."""
    by_age = next((posted_at + age for age in AGES if posted_at + age > moment), None)
    days = retention.refresh_days
    by_terms = moment + max(timedelta(days=days) - AHEAD, AHEAD / 2) if days else None
    return earliest(by_age, by_terms)


def keep_until(received_at: datetime, asked_at: datetime, retention: Retention) -> datetime | None:
    """Until when the words of a message may be kept that came then and was last asked for then; None: for ever."""
    hours, days = retention.text_hours, retention.refresh_days
    by_hours = received_at + timedelta(hours=hours) if hours else None
    return earliest(by_hours, asked_at + timedelta(days=days) if days else None)
