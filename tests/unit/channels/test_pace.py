"""The measure of a connection: one budget for all processes, a share of it for people, and what the platform says counts."""

import subprocess
import sys
import time

import pytest
import redis

from inbox.channels.pace import LEFT_BY_ASKING_AGAIN, LEFT_BY_PEOPLE, SharedPace
from inbox.connectors.contract import Rate, RateLimited

TAKE_ALL = """
from inbox.channels.pace import SharedPace
from inbox.connectors.contract import Rate, RateLimited

pace, taken = SharedPace(7, [Rate(50, 600)]), 0
try:
    while taken < 100:
        pace.take()
        taken += 1
except RateLimited:
    print(taken)
"""


def taken(pace: SharedPace, scope: str = "", most: int = 200) -> int:
    """How many calls it gives before it asks to wait."""
    for number in range(most):
        try:
            pace.take(scope)
        except RateLimited:
            return number
    return most


def test_two_processes_share_one_budget_and_leave_a_fifth_to_people(valkey_url: str) -> None:
    started = [subprocess.Popen([sys.executable, "-c", TAKE_ALL], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = [int(process.communicate(timeout=60)[0]) for process in started]
    assert sum(counts) == 40
    assert taken(SharedPace(7, [Rate(50, 600)], leaves=LEFT_BY_PEOPLE)) == 10


def test_a_window_that_has_passed_gives_again(valkey_url: str) -> None:
    pace = SharedPace(1, [Rate(5, 1)])
    assert taken(pace) == 4
    with pytest.raises(RateLimited) as told:
        pace.take()
    assert 0 < (told.value.retry_after or 0) <= 1.1
    time.sleep(told.value.retry_after or 0)
    assert taken(pace) == 4


def test_never_more_than_the_rate_in_any_window(valkey_url: str) -> None:
    pace, at = SharedPace(1, [Rate(10, 1)], leaves=LEFT_BY_PEOPLE), []
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        try:
            before = time.monotonic()
            pace.take()
            at.append((before, time.monotonic()))
        except RateLimited as told:
            time.sleep(min(told.retry_after or 0, max(0.0, until - time.monotonic())))
    assert len(at) >= 20
    # The tenth call after each is at least a second away, less what reading a clock takes; each lies between two looks at it.
    assert all(after - before > 0.98 for (before, _), (_, after) in zip(at, at[10:], strict=False))


def test_every_rate_of_a_scope_counts_and_scopes_do_not_disturb_each_other(valkey_url: str) -> None:
    pace = SharedPace(1, [Rate(30, 600), Rate(5, 600, "search"), Rate(8, 600, "post")], leaves=LEFT_BY_PEOPLE)
    assert taken(pace, "search") == 5
    assert taken(pace, "post") == 8
    assert taken(pace) == 17
    assert taken(SharedPace(2, [Rate(5, 600)], leaves=LEFT_BY_PEOPLE)) == 5


def test_a_refused_call_is_not_counted(valkey_url: str) -> None:
    pace = SharedPace(1, [Rate(10, 600), Rate(100, 600, "units")], leaves=LEFT_BY_PEOPLE)
    pace.take("units", 60)
    with pytest.raises(RateLimited):
        pace.take("units", 60)
    assert [budget.used for budget in pace.budgets()] == [60, 60]


def test_one_dear_call_is_not_refused_for_ever(valkey_url: str) -> None:
    pace = SharedPace(1, [Rate(3, 600)])
    pace.take(cost=5)
    assert taken(pace) == 0


def test_what_the_platform_says_counts_until_its_window_ends(valkey_url: str) -> None:
    pace = SharedPace(1, [Rate(1000, 600)])
    pace.learn("", remaining=12, limit=50, reset_seconds=2)
    assert taken(pace) == 2
    assert taken(SharedPace(1, [], leaves=LEFT_BY_PEOPLE)) == 10
    assert [(b.limit, b.used, b.told) for b in pace.budgets()][1:] == [(50, 50, True)]
    time.sleep(2.05)
    assert taken(pace, most=20) == 20


def test_a_remaining_without_limit_or_end_is_believed_for_a_minute(valkey_url: str) -> None:
    pace = SharedPace(1, [])
    pace.learn("", remaining=0, limit=None, reset_seconds=None)
    with pytest.raises(RateLimited) as told:
        pace.take()
    assert 50 < (told.value.retry_after or 0) <= 60
    assert taken(pace, "other", most=5) == 5


def test_a_lost_valkey_starts_anew_and_an_absent_one_stops_nobody(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = SharedPace(1, [Rate(5, 600)], leaves=LEFT_BY_PEOPLE)
    assert taken(pace) == 5
    with redis.Redis.from_url(valkey_url) as connection:
        connection.flushall()
    assert taken(pace) == 5
    monkeypatch.setattr("inbox.channels.pace.doorbell", lambda: redis.Redis(port=1))
    assert taken(pace, most=20) == 20
    assert pace.budgets() == []
    pace.learn("", remaining=0, limit=1, reset_seconds=1)


def test_asking_again_leaves_the_greater_part_to_polls(valkey_url: str) -> None:
    rates = [Rate(200, 3_600)]
    assert taken(SharedPace(8, rates, leaves=LEFT_BY_ASKING_AGAIN), most=300) == 100
    assert taken(SharedPace(8, rates), most=300) == 60
    assert taken(SharedPace(8, rates, leaves=LEFT_BY_PEOPLE), most=300) == 40
