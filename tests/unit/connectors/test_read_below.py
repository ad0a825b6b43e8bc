"""Reading below many things: only where a mark has changed, each page with a state, nothing lost when one is deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from inbox.clock import now
from inbox.connectors.catch_up import Page
from inbox.connectors.contract import Gone
from inbox.connectors.read_below import Parent, read_below

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Shelf:
    """Parents with their children, newest first, in pages of two."""

    def __init__(self, **children: list[str]) -> None:
        self.children = children
        self.gone: set[str] = set()
        self.asked: list[str] = []

    def parents(self) -> list[Parent[None]]:
        return [Parent(name, str(len(found) or ""), None) for name, found in self.children.items()]

    def page(self, parent: Parent[None], older: str | None) -> Page[str]:
        self.asked.append(parent.name)
        if parent.name in self.gone:
            raise Gone("gone")
        start = int(older or 0)
        found = self.children[parent.name]
        rows = [(name, AT - timedelta(minutes=found.index(name)), name) for name in found[start : start + 2]]
        return Page(rows, str(start + 2) if start + 2 < len(found) else None)

    def read(self, state: Any = None, **options: Any) -> tuple[list[str], Any]:
        brought: list[str] = []
        last = dict(state or {})
        for _parent, fresh, after in read_below(self.parents(), self.page, last, None, **options):
            brought += fresh
            last = after
        return brought, last


def test_everything_is_brought_once_and_only_changed_parents_are_asked() -> None:
    shelf = Shelf(a=["a3", "a2", "a1"], b=["b1"], c=[])
    brought, state = shelf.read()
    assert sorted(brought) == ["a1", "a2", "a3", "b1"]
    assert "c" not in shelf.asked
    shelf.asked.clear()
    shelf.children["b"] = ["b2", "b1"]
    assert shelf.read(state)[0] == ["b2"]
    assert shelf.asked == ["b"]


def test_once_an_hour_every_parent_is_looked_into() -> None:
    shelf = Shelf(a=["a1"])
    _brought, state = shelf.read()
    shelf.children["a"] = ["a1-edited"]
    assert shelf.read(state)[0] == []
    with time_machine.travel(now() + timedelta(hours=2)):
        assert shelf.read(state, looks_again=False)[0] == []
        assert shelf.read(state)[0] == ["a1-edited"]


def test_a_walk_that_was_cut_off_is_finished_by_the_next_poll() -> None:
    shelf = Shelf(a=["a5", "a4", "a3", "a2", "a1"])
    walk = read_below(shelf.parents(), shelf.page, {}, None)
    _parent, first, state = next(walk)
    walk.close()  # type: ignore[attr-defined]
    assert first == ["a4", "a5"]
    rest, state = shelf.read(state)
    assert sorted(rest) == ["a1", "a2", "a3"]
    assert shelf.read(state)[0] == []


def test_a_parent_that_is_gone_keeps_nobody_from_the_others() -> None:
    shelf = Shelf(a=["a1"], b=["b1"])
    shelf.gone = {"a"}
    assert shelf.read()[0] == ["b1"]


def test_of_a_parent_that_is_no_longer_watched_nothing_is_kept() -> None:
    shelf = Shelf(a=["a1"], b=["b1"])
    _brought, state = shelf.read()
    del shelf.children["a"]
    shelf.children["b"] = ["b2", "b1"]
    assert set(shelf.read(state)[1]["below"]) == {"b"}


def test_a_state_of_nonsense_is_begun_anew() -> None:
    shelf = Shelf(a=["a1"])
    assert shelf.read({"below": {"a": {"mark": 7, "looked": "x", "seen": 3, "walk": 1}, "b": None}})[0] == ["a1"]
