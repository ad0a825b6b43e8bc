"""Lanes: fair to every host, whatever takes long; the oldest first; nothing is forgotten and nothing done twice."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection
from typing import Any

import pytest

from workers.lanes import LANES, PER_HOST, Lanes, take_turns

PATIENCE = 20.0


def turns(waiting: dict[str, int], held: dict[str, int] | None = None, *, lanes: int = LANES) -> Counter[str]:
    """How many of each host begin, so many waiting at each and so many being held already."""
    queues = {host: deque(range(number)) for host, number in waiting.items()}
    free = lanes - sum((held or {}).values())
    return Counter(host for _key, host in take_turns(queues, held or {}, free, PER_HOST))


def test_one_host_never_has_more_than_its_lanes() -> None:
    assert turns({"a": 600}) == {"a": PER_HOST}
    assert turns({"a": 600}, {"a": 5}) == {"a": PER_HOST - 5}
    assert turns({"a": 600}, {"a": PER_HOST}) == {}


@pytest.mark.parametrize("hosts", [1, 2, 7, 8, 20, LANES - 1])
def test_however_many_hosts_keep_their_lanes_the_next_one_finds_some(hosts: int) -> None:
    held = turns({f"slow {each}": 1_000 for each in range(hosts)})
    assert min(held.values()) >= max(held.values()) - 1
    assert turns({"late": 1_000}, dict(held))["late"] >= 1
    assert turns({f"slow {each}": 1_000 for each in range(hosts)}, dict(held)) == {}


def test_who_holds_fewest_is_next_and_of_each_host_the_oldest() -> None:
    waiting = {"a": deque([1, 2, 3]), "b": deque([4, 5]), "c": deque([6])}
    assert list(take_turns(waiting, {"a": 1}, 6, PER_HOST)) == [(4, "b"), (6, "c"), (1, "a"), (5, "b")]
    assert waiting == {"a": deque([2, 3])}


def test_no_lane_no_turn() -> None:
    waiting = {"a": deque([1])}
    assert list(take_turns(waiting, {}, 0, PER_HOST)) == []
    assert waiting == {"a": deque([1])}


class Work:
    """Errands in memory: keys with their hosts, claimed once, done by `act`."""

    def __init__(self, due: dict[int, str], act: Callable[[int], None]) -> None:
        self.due, self.act, self.done, self.claimed = due, act, list[int](), list[int]()
        self.looks = 0

    def look(self, besides: Collection[int], without: Collection[str]) -> list[tuple[int, str]]:
        self.looks += 1
        due = {key: host for key, host in self.due.items() if key not in self.claimed}
        return [(key, host) for key, host in due.items() if key not in besides and host not in without]

    def claim(self, keys: Collection[int]) -> dict[int, int]:
        free = [key for key in keys if key not in self.claimed]
        self.claimed += free
        return {key: key for key in free}

    def do(self, key: int) -> None:
        self.act(key)
        self.done.append(key)

    def lanes(self, **options: Any) -> Lanes[int]:
        return Lanes(self.look, self.claim, self.do, **options)


def test_a_host_that_never_answers_until_all_others_were_asked_is_answered_too() -> None:
    due = dict.fromkeys(range(100), "slow") | dict.fromkeys(range(100, 300), "quick")
    left, asked = set(range(100, 300)), threading.Event()

    def act(key: int) -> None:
        left.discard(key)
        if not left:
            asked.set()
        if due[key] == "slow":
            assert asked.wait(PATIENCE), "the slow host stood in the way"

    work = Work(due, act)
    work.lanes().run(PATIENCE)
    assert sorted(work.done) == sorted(due)


def test_what_becomes_due_meanwhile_begins_without_another_ring() -> None:
    def act(key: int) -> None:
        if key < 3:
            work.due[key + 1] = "a"

    work = Work({0: "a"}, act)
    work.lanes().run(PATIENCE)
    assert work.done == [0, 1, 2, 3]


def test_a_long_queue_is_looked_through_once() -> None:
    work = Work(dict.fromkeys(range(500), "a"), lambda _key: None)
    work.lanes().run(PATIENCE)
    assert len(work.done) == 500
    # At the beginning, and whenever somebody ends and finds nobody waiting.
    assert work.looks <= 1 + PER_HOST


def test_the_caller_waits_a_moment_only_and_the_rest_goes_on_by_itself(eventually: Callable[..., Any]) -> None:
    opened = threading.Event()
    work = Work(dict.fromkeys(range(40), "slow"), lambda _key: assert_true(opened.wait(PATIENCE)))
    work.lanes().run(0)
    assert len(work.claimed) == PER_HOST
    assert work.done == []
    opened.set()
    eventually(lambda: len(work.done) == 40)


def test_an_errand_that_breaks_off_gives_its_lane_back() -> None:
    def act(key: int) -> None:
        if key % 2:
            raise ValueError("on purpose")

    work = Work(dict.fromkeys(range(40), "a"), act)
    work.lanes().run(PATIENCE)
    assert sorted(work.done) == list(range(0, 40, 2))


def test_what_somebody_else_has_taken_is_left_alone() -> None:
    work = Work(dict.fromkeys(range(40), "a"), lambda _key: None)
    offered = work.look
    work.look = lambda besides, without: [(99, "a"), *offered(besides, without)]  # type: ignore[method-assign]
    work.claimed.append(99)
    work.lanes().run(PATIENCE)
    assert sorted(work.done) == list(range(40))


def test_closed_lanes_begin_nothing_and_tell_what_is_left(eventually: Callable[..., Any]) -> None:
    opened = threading.Event()
    work = Work(dict.fromkeys(range(20), "a"), lambda _key: assert_true(opened.wait(PATIENCE)))
    lanes = work.lanes(per_host=3)
    lanes.run(0)
    assert sorted(lanes.close(0)) == sorted(work.claimed) == [0, 1, 2]
    opened.set()
    assert lanes.close(PATIENCE) == []
    assert len(work.done) == 3
    lanes.run(0)
    assert len(work.claimed) == 3


def assert_true(answer: bool) -> None:
    assert answer
