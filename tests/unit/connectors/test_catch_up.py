"""The walk into the past against a list that grows, shrinks and is cut off at any moment: nothing is ever missed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Refused

START = datetime(2026, 11, 21, tzinfo=UTC)


class Platform:
    """Items are numbers; newer is larger; a page starts below the number it is asked for."""

    def __init__(self, size: int) -> None:
        self.items: list[int] = []
        self.size = size
        self.reads = 0

    def read(self, older: str | None) -> Page[int]:
        self.reads += 1
        below = [n for n in self.items if older is None or n < int(older)]
        page = sorted(below, reverse=True)[: self.size]
        items = [(str(n), START + timedelta(minutes=n), n) for n in page]
        return Page(items, str(page[-1]) if len(below) > self.size else None)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 5))
def test_nothing_is_missed_whenever_it_is_killed(data: st.DataObject, size: int) -> None:
    platform, state, stored = Platform(size), None, set[int]()
    newest = 0
    for _ in range(data.draw(st.integers(1, 6))):
        news = data.draw(st.integers(0, 12))
        platform.items += range(newest + 1, newest + news + 1)
        newest += news
        kill_after = data.draw(st.none() | st.integers(1, 4))
        for number, (fresh, after) in enumerate(catch_up(platform.read, state, None), start=1):
            stored.update(fresh)
            state = json.loads(json.dumps(after))
            if number == kill_after:
                break
    *_walk, (_fresh, end) = last = list(catch_up(platform.read, state, None))
    for fresh, _state in last:
        stored.update(fresh)
    assert stored == set(platform.items)
    assert [fresh for fresh, _state in catch_up(platform.read, end, None) if fresh] == []


def test_a_quiet_platform_is_asked_once() -> None:
    platform = Platform(10)
    platform.items = list(range(100))
    *_walk, (_fresh, state) = catch_up(platform.read, None, None)
    platform.reads = 0
    assert list(catch_up(platform.read, state, None)) == [([], state)]
    assert platform.reads == 1


def test_the_past_ends_where_it_was_wished_to_end() -> None:
    platform = Platform(10)
    platform.items = list(range(1_000))
    found = [n for fresh, _state in catch_up(platform.read, None, START + timedelta(minutes=900)) for n in fresh]
    assert set(range(900, 1_000)) <= set(found)
    assert len(found) <= 120
    assert platform.reads <= 12


def test_a_position_that_has_expired_is_walked_again_from_the_top() -> None:
    platform = Platform(3)
    platform.items = list(range(9))
    (first, state), *_rest = catch_up(platform.read, None, None)

    def forgetful(older: str | None) -> Page[int]:
        if older == state["walk"]["older"] and not platform.reads > 4:
            platform.reads += 10
            raise Refused("cursor expired")
        return platform.read(older)

    platform.reads = 0
    found = {n for fresh, _state in catch_up(forgetful, state, None) for n in fresh}
    assert found | set(first) == set(range(9))


def test_a_platform_that_sends_the_same_page_for_ever_is_left() -> None:
    reads = 0

    def stuck(_older: str | None) -> Page[str]:
        nonlocal reads
        reads += 1
        return Page([("1", None, "one")], "again")

    found: list[Any] = [fresh for fresh, _state in catch_up(stuck, None, None)]
    assert [item for fresh in found for item in fresh] == ["one"]
    assert reads < 5


def test_items_that_move_down_a_page_during_the_walk_come_once() -> None:
    platform = Platform(3)
    platform.items = list(range(9))
    found: list[int] = []
    for fresh, _state in catch_up(lambda older: platform.read(str(int(older) + 2) if older else None), None, None):
        found += fresh
    assert sorted(found) == list(range(9))


def test_new_items_among_others_of_the_same_moment_are_found() -> None:
    moment, items = START, [f"old{n}" for n in range(3)]

    def read(older: str | None) -> Page[str]:
        start = int(older or 0)
        page = items[start : start + 3]
        named = [(name, moment if "ancient" not in name else moment - timedelta(1), name) for name in page]
        return Page(named, str(start + 3) if len(items) > start + 3 else None)

    items += [f"ancient{n}" for n in range(9)]
    *_walk, (_fresh, state) = catch_up(read, None, None)
    # The platform sorts items of one moment as it likes: a known one comes first.
    items[1:1] = ["new0", "new1", "new2", "new3"]
    found = [name for fresh, _state in catch_up(read, state, None) for name in fresh]
    assert sorted(found) == ["new0", "new1", "new2", "new3"]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 4))
def test_deletions_on_counted_pages_hide_nothing(data: st.DataObject, size: int) -> None:
    items = list(range(20))

    def read(older: str | None) -> Page[int]:
        start = int(older or 0)
        page = sorted(items, reverse=True)[start : start + size]
        return Page(
            [(str(n), START + timedelta(minutes=n), n) for n in page],
            str(start + size) if len(items) > start + size else None,
        )

    state, stored = None, set[int]()
    vanishing = data.draw(st.integers(0, 6))
    for _ in range(2):
        kill_after = data.draw(st.none() | st.integers(1, 8))
        for number, (fresh, after) in enumerate(catch_up(read, state, None, shifts=True), start=1):
            stored.update(fresh)
            state = json.loads(json.dumps(after))
            if vanishing and data.draw(st.booleans()):
                items.remove(data.draw(st.sampled_from(items)))
                vanishing -= 1
            if number == kill_after:
                break
    vanishing = 0
    for fresh, _state in catch_up(read, state, None, shifts=True):
        stored.update(fresh)
    assert stored >= set(items)
