"""Reads the dates that people and programs write into exported files."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from inbox.connectors.contract import N_

_EPOCH = re.compile(r"-?\d{9,19}(\.\d{1,9})?")
_DAY_FIRST = re.compile(
    r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{2}|\d{4})(?:,?\s+(?:um\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*uhr)?)?",
    re.IGNORECASE,
)
_SLASHES = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?)?", re.IGNORECASE
)


def read_date(value: str) -> datetime:
    """The moment that `value` names, in UTC; without a zone it is taken to be UTC. Raises ValueError when it names none.

    ISO 8601, seconds, milli- or microseconds since 1970, RFC 2822, "31.12.2026 13:00", "12/31/2026 1:00 PM" (month first
    unless that cannot be).
    """
    text = value.strip()[:80]
    try:
        moment = _epoch(text) or _german(text) or _slashed(text) or _iso(text) or parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        raise ValueError(N_('the date "%(text)s" cannot be read', text=text[:40])) from None
    if not 1970 <= moment.year <= 9998:
        raise ValueError(N_('the date "%(text)s" cannot be meant', text=text[:40]))
    return moment


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.fullmatch(text):
        return None
    number = float(text)
    # Later than the year 5000 means that the unit is a thousandth, or a thousandth of that.
    while abs(number) > 1e11:
        number /= 1000
    return datetime.fromtimestamp(number, UTC)


def _german(text: str) -> datetime | None:
    found = _DAY_FIRST.fullmatch(text)
    if not found:
        return None
    day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime(_whole(year), month, day, hour, minute, second, tzinfo=UTC)


def _slashed(text: str) -> datetime | None:
    found = _SLASHES.fullmatch(text)
    if not found:
        return None
    first, second_part, year, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    half = (found[7] or "").lower()
    month, day = (second_part, first) if first > 12 else (first, second_part)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return datetime(_whole(year), month, day, hour, minute, second, tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None


def _whole(year: int) -> int:
    return year if year >= 100 else 2000 + year if year < 70 else 1900 + year
