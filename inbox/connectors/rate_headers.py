"""What answers say about how much more may be asked, in every dialect that platforms speak. Read by the HTTP client."""

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

# Meta tells how many per cent are used; a full tank is 100.
PERCENT = 100.0
USAGE = ("x-app-usage", "x-page-usage", "x-ad-account-usage")
BUSINESS_USAGE = "x-business-use-case-usage"
A_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of one budget. `limit` and `reset_seconds` are None when the platform does not say."""

    remaining: float
    limit: float | None
    reset_seconds: float | None


def read_budget(headers: Mapping[str, str]) -> Budget | None:
    """The tightest budget that an answer tells of; None when it tells nothing that can be read."""
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    told = filter(None, [_counted(lowered), *_used(lowered)])
    return min(told, key=lambda budget: budget.remaining / max(budget.limit or PERCENT, 1.0), default=None)


def seconds_until(value: str, their_now: datetime) -> float | None:
    """Seconds to the moment that `value` names: a duration, seconds since 1970, an ISO time or an HTTP date."""
    try:
        number = float(value)
    except ValueError:
        named = read_moment(value)
        return None if named is None else max(0.0, (named - their_now).total_seconds())
    if math.isnan(number):
        return None
    # Below a year it is a duration; above, a moment since 1970.
    return max(0.0, number if number < A_YEAR else number - their_now.timestamp())


def read_moment(value: str) -> datetime | None:
    """An HTTP date or an ISO time, aware; None for anything else."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            moment = parse(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def told_patience(body: Mapping[str, Any]) -> float | None:
    """Seconds to wait as a failed answer's JSON tells: Discord, Matrix (in ms), Telegram, Discourse, Stack Exchange."""
    inner = [body.get(name) for name in ("parameters", "extras")]
    places = [body, *(place for place in inner if isinstance(place, dict))]
    for place in places:
        for name, unit in (("retry_after", 1.0), ("retry_after_ms", 0.001), ("wait_seconds", 1.0), ("backoff", 1.0)):
            found = _float(place.get(name))
            if found is not None and found >= 0:
                return found * unit
    return None


def _counted(headers: Mapping[str, str]) -> Budget | None:
    # Mastodon, GitHub, Discord, Reddit, X, GitLab and the IETF's draft differ in the prefix and in what a reset is.
    for prefix in ("x-ratelimit-", "x-rate-limit-", "ratelimit-"):
        remaining = _number(headers.get(f"{prefix}remaining", ""))
        if remaining is None:
            continue
        reset = headers.get(f"{prefix}reset-after") or headers.get(f"{prefix}reset") or ""
        limit = _number(headers.get(f"{prefix}limit", ""))
        used = _number(headers.get(f"{prefix}used", ""))
        if limit is None and used is not None:
            limit = used + remaining
        return Budget(remaining, limit, seconds_until(reset, _their_now(headers)))
    return None


def _used(headers: Mapping[str, str]) -> list[Budget]:
    usages = [_object(headers.get(name, "")) for name in USAGE]
    by_account = _object(headers.get(BUSINESS_USAGE, "")).values()
    usages += [usage for account in by_account if isinstance(account, list) for usage in account]
    return [_rest_of(usage) for usage in usages if isinstance(usage, dict) and usage]


def _rest_of(usage: Mapping[str, Any]) -> Budget:
    used = [_float(usage.get(name)) or 0.0 for name in ("call_count", "total_cputime", "total_time")]
    minutes = _float(usage.get("estimated_time_to_regain_access"))
    return Budget(max(0.0, PERCENT - max(used)), PERCENT, minutes * 60 if minutes else None)


def _their_now(headers: Mapping[str, str]) -> datetime:
    # A moment named by their clock is compared with their clock.
    return read_moment(headers.get("date", "")) or datetime.now(UTC)


def _number(value: str) -> float | None:
    try:
        number = float(value.partition(",")[0])
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _float(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # A number of a thousand digits is none that Python's float can hold, and NaN would pass every comparison.
    with contextlib.suppress(OverflowError):
        return float(value) if math.isfinite(value) else None
    return None


def _object(value: str) -> Mapping[str, Any]:
    if not value:
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
