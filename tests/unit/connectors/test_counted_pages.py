"""Walks over pages by number, while people write and delete at every moment and polls are killed: nothing is left out."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.connectors import counted_pages
from inbox.connectors.catch_up import RING, Page, catch_up
from inbox.connectors.contract import N_, Refused
from inbox.connectors.counted_pages import WALKS

WRITE, KILL = "write", "kill"
Happening = tuple[int, str | int]  # before which request; somebody writes, the poll is killed, or this item is deleted


class Killed(Exception):
    """A poll came to its end half-way."""


class Forum:
    """Items are numbers, newer ones larger, shown by pages of `size`; things happen just before chosen requests."""

    def __init__(self, newest: int, size: int, happenings: Sequence[Happening] = (), shown: int | None = None) -> None:
        self.items, self.newest, self.size, self.shown = list(range(newest, 0, -1)), newest, size, shown
        self.happenings = list(happenings)
        self.reads = 0
        self.state: dict[str, Any] | None = None
        self.stored: list[int] = []

    def write(self, number: int = 1) -> None:
        for _ in range(number):
            self.newest += 1
            self.items.insert(0, self.newest)

    def read(self, older: str | None) -> Page[int]:
        now, self.reads = self.reads, self.reads + 1
        while self.happenings and self.happenings[0][0] <= now:
            _, happening = self.happenings.pop(0)
            if happening == KILL:
                raise Killed
            if happening == WRITE:
                self.write()
            elif happening in self.items:
                self.items.remove(int(happening))
        begin = int(older or 0)
        end = begin + self.size
        shown = self.items[: self.shown]
        return Page([(str(n), None, n) for n in shown[begin:end]], str(end) if len(shown) > end else None)

    def poll(self, pages: int | None = None) -> list[int]:
        """What one poll brings, stopped after so many batches."""
        found: list[int] = []
        try:
            for number, (fresh, state) in enumerate(catch_up(self.read, self.state, None, shifts=True), start=1):
                found += fresh
                self.state = json.loads(json.dumps(state))
                if number == pages:
                    break
        except Killed:
            pass
        self.stored += found
        return found

    def poll_until_quiet(self) -> None:
        """Poll until all has happened, the walk is over, and one more poll saw what came in at its end."""
        for _ in range(60):
            is_over = not self.happenings
            self.poll()
            if is_over and self.is_settled:
                return
        raise AssertionError("it never came to rest")

    @property
    def is_settled(self) -> bool:
        return self.state is not None and "walk" not in self.state

    @property
    def lost(self) -> set[int]:
        return set(self.items) - set(self.stored)


def played(known: int, new: int, size: int, happenings: Sequence[Happening]) -> Forum:
    """A forum of which `known` items were read before, `new` came, and this happened during the polls after."""
    forum = Forum(known, size)
    if known:
        forum.poll_until_quiet()
    forum.write(new)
    forum.reads, forum.happenings = 0, list(happenings)
    forum.poll_until_quiet()
    return forum


def every(number: int, known: int, new: int, size: int, *before: Happening) -> Iterator[tuple[Happening, ...]]:
    """Every way in which up to so many things can happen, each before any request that is made then."""
    yield before
    if not number:
        return
    forum = played(known, new, size, before)
    for at in range(before[-1][0] if before else 1, forum.reads):
        happenings: list[str | int] = [WRITE, KILL, *forum.items]
        for what in happenings:
            yield from every(number - 1, known, new, size, *before, (at, what))


@pytest.mark.parametrize(("known", "new", "size"), [(0, 3, 1), (1, 3, 1), (0, 4, 2), (2, 3, 2)])
def test_whatever_two_things_happen_at_whatever_moments_nothing_is_left_out(known: int, new: int, size: int) -> None:
    tried = 0
    for happenings in every(2, known, new, size):
        tried += 1
        lost = played(known, new, size, happenings).lost
        assert not lost, (lost, happenings)
    assert tried > 200


@pytest.mark.parametrize(
    "happenings",
    [
        pytest.param(
            [(2, WRITE), (3, 4), (7, 2)], id="one that came in goes, unmet; in the next walk one that was met"
        ),
        pytest.param(
            [(2, 2), (4, WRITE), (5, 4)], id="one that was met goes; in the next walk one that came in, unmet"
        ),
        pytest.param([(4, WRITE), (4, WRITE), (4, WRITE), (5, 6), (5, 3)], id="one below the top hides an older one"),
        pytest.param(
            [(1, WRITE), (2, 1), (2, WRITE), (4, 2), (4, WRITE), (8, 5), (9, WRITE), (11, WRITE), (13, WRITE)],
            id="more than a page came in before the top was read again",
        ),
    ],
)
def test_nothing_is_left_out_where_many_things_happen_in_a_row(happenings: list[Happening]) -> None:
    assert not played(0, 3, 1, happenings).lost


@settings(max_examples=200, deadline=None)
@given(
    known=st.integers(0, 6),
    new=st.integers(1, 12),
    size=st.integers(1, 4),
    happenings=st.lists(
        st.tuples(st.integers(0, 30), st.just(WRITE) | st.just(KILL) | st.integers(1, 24)), max_size=14
    ),
)
def test_whatever_happens_nothing_is_left_out(known: int, new: int, size: int, happenings: list[Happening]) -> None:
    forum = played(known, new, size, sorted(happenings, key=lambda one: one[0]))
    assert not forum.lost
    assert forum.poll() == []


def test_a_quiet_list_is_asked_once() -> None:
    forum = Forum(100, 10)
    forum.poll()
    forum.reads = 0
    assert forum.poll() == []
    assert forum.reads == 1


def test_several_pages_are_read_twice_and_not_more() -> None:
    forum = Forum(100, 10)
    assert sorted(forum.poll()) == list(range(1, 101))
    assert forum.is_settled
    assert forum.reads == 20


def test_each_new_item_during_the_walk_costs_one_request_and_comes_at_once() -> None:
    forum = Forum(100, 10, [(3, WRITE), (6, WRITE), (14, WRITE)])
    walk = catch_up(forum.read, None, None, shifts=True)
    batches = [fresh for fresh, _state in walk]
    assert batches[4] == [101]
    assert sorted(n for fresh in batches for n in fresh) == list(range(1, 104))
    assert forum.reads <= 2 * 11 + 3


def test_a_list_that_grows_by_pages_meanwhile_is_read_twice_too() -> None:
    forum = Forum(60, 5, [(at, WRITE) for at in range(1, 40, 2)])
    forum.poll()
    assert forum.is_settled
    assert not forum.lost
    assert forum.reads <= 2 * 16 + 20


def test_a_list_that_shows_the_latest_only_is_read_twice_too() -> None:
    # What comes in pushes the oldest one out, which nobody has deleted.
    forum = Forum(100, 10, [(5, WRITE)], shown=50)
    forum.poll()
    assert forum.is_settled
    assert set(forum.stored) >= set(range(51, 102))
    assert forum.reads == 10


def test_what_comes_in_during_a_long_walk_is_not_brought_again() -> None:
    forum = Forum(RING + 100, 50, [(15, WRITE)])
    assert RING + 101 in forum.poll()
    assert forum.poll() == []


def test_a_list_that_never_keeps_still_is_left_after_some_polls() -> None:
    chance = random.Random(1)

    class Shuffled(Forum):
        def read(self, older: str | None) -> Page[int]:
            chance.shuffle(self.items)
            return super().read(older)

    forum = Shuffled(40, 10)
    polls = [len(forum.poll()) for _ in range(3)]
    assert forum.is_settled
    assert not forum.lost
    assert sum(polls) == 40
    assert WALKS * 4 <= forum.reads <= WALKS * 7


def test_a_page_that_is_empty_by_mistake_ends_one_walk_only() -> None:
    forum = Forum(50, 5)

    def lame(older: str | None) -> Page[int]:
        page = forum.read(older)
        return Page([], None) if forum.reads == 4 else page

    found = [n for fresh, _state in catch_up(lame, None, None, shifts=True) for n in fresh]
    assert sorted(found) == list(range(1, 51))


def test_a_position_that_has_expired_proves_nothing() -> None:
    forum = Forum(9, 2)
    forum.poll(pages=2)

    def forgetful(older: str | None) -> Page[int]:
        if forum.reads == 2:
            forum.reads += 1
            raise Refused(N_("page expired"))
        return forum.read(older)

    found = [n for fresh, _state in catch_up(forgetful, forum.state, None, shifts=True) for n in fresh]
    assert sorted(forum.stored + found) == list(range(1, 10))


def test_a_walk_that_an_older_version_began_proves_nothing() -> None:
    forum = Forum(6, 1)
    forum.poll(pages=5)
    assert forum.state is not None
    met = {name: forum.state["walk"][name] for name in ("older", "top")}
    # An item that it had read was deleted meanwhile, so that the last one moved up.
    forum.items.remove(5)
    forum.state = {"seen": [], "walk": {**met, "passes": 0, "brings": True, "met": []}}
    forum.poll()
    assert not forum.lost


def test_of_a_list_longer_than_is_remembered_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted_pages, "MARKS", 20)
    forum = Forum(60, 5, [(at, KILL) for at in range(4, 200, 7)] + [(201, 58)])
    while not forum.is_settled:
        forum.poll()
        walk = (forum.state or {}).get("walk", {})
        assert sum(len(walk.get(name, ())) for name in ("here", "former", "met")) <= 20
    assert not forum.lost
    assert forum.reads < 100
