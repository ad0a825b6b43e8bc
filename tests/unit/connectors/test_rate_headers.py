"""Budgets are read in every dialect, and a platform's nonsense is no budget."""

import time
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from inbox.connectors.http import fetch, open_client, retry_after
from inbox.connectors.rate_headers import read_budget

# Their clock stands still, and ours does not matter.
THEIR_NOW = 1_800_000_000
SOON = THEIR_NOW + 90


def told(headers: dict[str, str]) -> tuple[float, float | None, float | None] | None:
    budget = read_budget({"Date": formatdate(THEIR_NOW), **headers})
    return (budget.remaining, budget.limit, budget.reset_seconds) if budget else None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # Mastodon, GitHub, Discord, Reddit, X, GitLab and the IETF's draft.
        (
            {
                "X-RateLimit-Limit": "300",
                "X-RateLimit-Remaining": "12",
                "X-RateLimit-Reset": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(SOON)),
            },
            (12, 300, 90),
        ),
        (
            {
                "x-ratelimit-limit": "5000",
                "x-ratelimit-remaining": "4999",
                "x-ratelimit-reset": str(int(SOON)),
                "x-ratelimit-resource": "core",
            },
            (4999, 5000, 90),
        ),
        (
            {
                "X-RateLimit-Limit": "5",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(SOON + 900),
                "X-RateLimit-Reset-After": "90.0",
                "X-RateLimit-Bucket": "abcd1234",
            },
            (0, 5, 90),
        ),
        (
            {"X-Ratelimit-Used": "4", "X-Ratelimit-Remaining": "996.0", "X-Ratelimit-Reset": "90"},
            (996, 1000, 90),
        ),
        (
            {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "3", "x-rate-limit-reset": str(int(SOON))},
            (3, 15, 90),
        ),
        ({"RateLimit-Limit": "600", "RateLimit-Remaining": "599", "RateLimit-Reset": str(int(SOON))}, (599, 600, 90)),
        ({"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "50", "RateLimit-Reset": "90"}, (50, 100, 90)),
        # Meta tells per cent used; several usages are as good as their worst.
        ({"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":5}'}, (72, 100, None)),
        (
            {
                "X-App-Usage": '{"call_count":10}',
                "X-Business-Use-Case-Usage": '{"107":[{"type":"pages","call_count":95,"total_cputime":20,'
                '"total_time":20,"estimated_time_to_regain_access":1.5}]}',
            },
            (5, 100, 90),
        ),
    ],
)
def test_every_dialect_is_understood(headers: dict[str, str], expected: Any) -> None:
    assert told(headers) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Limit": "300"},
        {"X-RateLimit-Remaining": "many"},
        {"X-RateLimit-Remaining": "nan"},
        {"X-RateLimit-Remaining": "-1"},
        {"X-App-Usage": "{}"},
        {"X-App-Usage": "[1]"},
        {"X-App-Usage": "{" * 50_000},
        {"X-Business-Use-Case-Usage": '{"1": 7, "2": [3, "x"]}'},
    ],
)
def test_nonsense_is_no_budget(headers: dict[str, str]) -> None:
    assert read_budget(headers) is None


@pytest.mark.parametrize("nonsense", ["NaN", "Infinity", "1" + 400 * "0"])
def test_numbers_that_are_none_are_not_passed_on(nonsense: str) -> None:
    usage = f'{{"call_count": {nonsense}, "estimated_time_to_regain_access": {nonsense}}}'
    assert told({"X-App-Usage": usage}) == (100, 100, None)
    body = f'{{"retry_after": {nonsense}}}'
    assert retry_after(httpx.Response(429, text=body)) is None


class Paced:
    """Notes what the client asks and tells."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int]] = []
        self.learned: list[tuple[str, float]] = []

    def take(self, scope: str = "", cost: int = 1) -> None:
        self.taken.append((scope, cost))

    def learn(self, scope: str, *, remaining: float, limit: float | None, reset_seconds: float | None) -> None:
        self.learned.append((scope, remaining))


def test_the_client_asks_before_every_call_and_tells_what_it_heard() -> None:
    pace = Paced()
    answers = httpx.MockTransport(lambda _request: httpx.Response(200, headers={"X-RateLimit-Remaining": "7"}, json={}))
    with open_client(allow_private=True, base_url="https://a.example", transport=answers, pace=pace) as client:
        fetch(client, "GET", "/one")
        fetch(client, "GET", "/two", extensions={"scope": "search", "cost": 5})
    assert pace.taken == [("", 1), ("search", 5)]
    assert pace.learned == [("", 7.0), ("search", 7.0)]


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"message": "You are being rate limited.", "retry_after": 1.5, "global": False}, 1.5),  # Discord
        ({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}, 2.5),  # Matrix
        ({"ok": False, "error_code": 429, "parameters": {"retry_after": 9}}, 9),  # Telegram
        ({"errors": ["slow down"], "extras": {"wait_seconds": 16}}, 16),  # Discourse
        ({"error_id": 502, "backoff": 10}, 10),  # Stack Exchange
        ({"retry_after": "soon", "parameters": [1]}, None),
        ({"retry_after": -1}, None),
    ],
)
def test_patience_is_also_told_in_the_body(body: dict[str, Any], seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, json=body)) == seconds
