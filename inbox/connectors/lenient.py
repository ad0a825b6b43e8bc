"""Fields of foreign JSON, read leniently: what is malformed becomes nothing, so that the words are not lost with it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from inbox.clock import as_utc
from inbox.connectors.contract import Metric


def moment(value: Any) -> datetime | None:
    """An ISO time, or None for what is none: a wrong date is no reason to lose the words."""
    try:
        return as_utc(datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        return None


def unix_moment(value: Any) -> datetime | None:
    """Seconds since 1970, as a number or as text, or None for what is none."""
    try:
        return None if isinstance(value, bool) else datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def whole_number(value: Any) -> int:
    """A whole number; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def counted(found: Mapping[Metric, Any]) -> dict[Metric, int]:
    """The counts among these values, also those written as text; what was not told is left out, for it is not zero."""
    numbers = {metric: int(value) if _is_number(value) else value for metric, value in found.items()}
    return {metric: n for metric, n in numbers.items() if isinstance(n, int) and not isinstance(n, bool)}


def words(value: Any) -> str:
    """Text, or empty for anything else."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """The texts of a list; none for anything else."""
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none for anything else."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def is_before(at: datetime | None, since: datetime | None) -> bool:
    """Whether `at` is surely earlier than `since`."""
    return at is not None and since is not None and at < since


def web_address(url: str) -> str:
    """`url` when it is one that a browser may open, else empty."""
    try:
        return url if len(url) <= 2_000 and urlsplit(url).scheme in {"http", "https"} else ""
    except ValueError:
        return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18


Moment = Annotated[datetime | None, BeforeValidator(moment)]
UnixMoment = Annotated[datetime | None, BeforeValidator(unix_moment)]
Words = Annotated[str, BeforeValidator(words)]
Dicts = Annotated[list[Mapping[str, Any]], BeforeValidator(dicts)]
