"""The walk by time against a list that grows, changes and is cut off at any moment: nothing is missed, ties included."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.connectors.contract import Refused
from inbox.connectors.walk_since import Slice, walk_since

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Platform:
    """Items are numbers with the second of their last change; a position among them is counted, as page numbers are."""

    def __init__(self, size: int) -> None:
        self.changed: dict[int, int] = {}
        self.size = size
        self.reads: list[tuple[datetime | None, str | None]] = []

    def read(self, start: datetime | None, further: str | None) -> Slice[tuple[int, int]]:
        self.reads.append((start, further))
        listed = sorted((second, n) for n, second in self.changed.items() if start is None or at(second) >= start)
        offset = int(further or 0)
        page = listed[offset : offset + self.size]
        more = str(offset + self.size) if len(listed) > offset + self.size else None
        return Slice([(str(n), at(second), (n, second)) for second, n in page], more)

    def poll(self, state: Any, since: datetime | None = None) -> Iterator[tuple[list[tuple[int, int]], Any]]:
        for fresh, after in walk_since(self.read, state, since):
            yield fresh, json.loads(json.dumps(after))


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), size=st.integers(1, 4))
def test_nothing_is_missed_whenever_it_is_killed(data: st.DataObject, size: int) -> None:
    platform, stored, second = Platform(size), set[tuple[int, int]](), 0
    state: Any = None
    for _ in range(data.draw(st.integers(1, 5))):
        second += data.draw(st.sampled_from([0, 1, 200]))
        for _ in range(data.draw(st.integers(0, 8))):
            second += data.draw(st.sampled_from([0, 0, 1]))
            platform.changed[len(platform.changed)] = second
        kill_after = data.draw(st.none() | st.integers(1, 4))
        for number, (fresh, after) in enumerate(platform.poll(state), start=1):
            state = after
            stored.update(fresh)
            if platform.changed and data.draw(st.booleans()):
                # An edit during the walk moves its item to the end and all behind it forward.
                platform.changed[data.draw(st.sampled_from(sorted(platform.changed)))] = second
            if number == kill_after:
                break
    for _ in range(2):
        for fresh, after in platform.poll(state):
            state = after
            stored.update(fresh)
    assert stored >= set(platform.changed.items())
    assert [fresh for fresh, _state in platform.poll(state) if fresh] == []


def test_more_items_of_one_moment_than_a_page_holds_come_once() -> None:
    platform = Platform(10)
    platform.changed = dict.fromkeys(range(95), 7) | {95: 8}
    found = [item for fresh, _state in platform.poll(None) for item in fresh]
    assert sorted(found) == sorted(platform.changed.items())


def test_a_walk_among_items_of_one_moment_goes_on_where_it_was() -> None:
    platform = Platform(10)
    platform.changed = dict.fromkeys(range(95), 7)
    walk = platform.poll(None)
    state = [next(walk)[1] for _ in range(5)][-1]
    platform.reads.clear()
    rest = [item for fresh, _state in platform.poll(state) for item in fresh]
    assert len(rest) == 55  # four pages of ten are kept: the first is read again once its moment is known
    assert platform.reads[0] == (at(7), "40")


def test_a_position_that_has_expired_is_read_again() -> None:
    platform = Platform(10)
    platform.changed = dict.fromkeys(range(35), 7)
    walk = platform.poll(None)
    stored = [next(walk) for _ in range(2)]

    def forgetful(start: datetime | None, further: str | None) -> Slice[tuple[int, int]]:
        if further == stored[-1][1]["further"] and not platform.reads[2:]:
            platform.reads += [(None, None)] * 3
            raise Refused("no such page")
        return platform.read(start, further)

    found = [item for fresh, _state in walk_since(forgetful, stored[-1][1], None) for item in fresh]
    assert {*found, *stored[0][0], *stored[1][0]} == set(platform.changed.items())


def test_a_late_item_of_an_earlier_moment_is_found() -> None:
    platform = Platform(10)
    platform.changed = {1: 0, 2: 100}
    *_walk, (_fresh, state) = platform.poll(None)
    platform.changed[3] = 60
    assert [item for fresh, _state in platform.poll(state) for item in fresh] == [(3, 60)]


def test_a_quiet_platform_is_asked_once_and_in_the_end_for_nothing() -> None:
    platform = Platform(10)
    platform.changed = dict.fromkeys(range(95), 7)
    with time_machine.travel(START, tick=False) as clock:
        *_walk, (_fresh, state) = platform.poll(None)
        clock.shift(3_600)
        for _ in range(3):
            platform.reads.clear()
            ((fresh, state),) = platform.poll(state)
            assert (fresh, platform.reads) == ([], [(at(8), None)])
    platform.changed[200] = 8
    assert [item for fresh, _state in platform.poll(state) for item in fresh] == [(200, 8)]


@pytest.mark.parametrize("ahead", [timedelta(days=30), timedelta(days=365 * 900)])
def test_an_item_dated_into_the_future_hides_nothing(ahead: timedelta) -> None:
    platform = Platform(10)
    lie = Slice([("lie", START + ahead, (-1, -1))], None)

    def read(start: datetime | None, further: str | None) -> Slice[tuple[int, int]]:
        page = platform.read(start, further)
        return page if page.further else Slice([*page.items, *lie.items], None)

    platform.changed = {1: 0}
    with time_machine.travel(START, tick=False):
        *_walk, (fresh, state) = walk_since(read, None, None)
        assert fresh == [(1, 0), (-1, -1)]
        platform.changed[2] = 5
        assert [item for fresh, state in walk_since(read, state, None) for item in fresh] == [(2, 5)]


def test_it_begins_where_it_was_wished_to_begin() -> None:
    platform = Platform(10)
    platform.changed = {n: n for n in range(100)}
    found = [n for fresh, _state in platform.poll(None, at(90)) for n, _second in fresh]
    assert found == list(range(90, 100))


@pytest.mark.parametrize(
    "state", [{"after": "gestern"}, {"after": 5, "seen": "x"}, {"seen": [1, ["a"], ["b", "c"]]}, {"further": 3}]
)
def test_a_state_of_another_version_starts_anew(state: Any) -> None:
    platform = Platform(10)
    platform.changed = {1: 1, 2: 2}
    assert [item for fresh, _state in platform.poll(state) for item in fresh] == [(1, 1), (2, 2)]


def test_a_platform_that_ignores_the_moment_is_left() -> None:
    page = Slice([("1", START, "one")], "again")
    walk = list(walk_since(lambda _start, _further: page, None, None))
    assert [item for fresh, _state in walk for item in fresh] == ["one"]
    assert len(walk) < 5


def test_an_item_dated_a_little_ahead_hides_nothing_that_comes_meanwhile() -> None:
    platform = Platform(10)
    with time_machine.travel(at(0), tick=False):
        platform.changed = {0: -50, 1: 600}
        found, state = next(platform.poll(None))
    assert len(found) == 2
    with time_machine.travel(at(30), tick=False):
        platform.changed[2] = 20
        assert [item for fresh, _state in platform.poll(state) for item in fresh] == [(2, 20)]
