"""Looking again: once an hour, only what changed, and the memory of it survives whatever a cursor holds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from inbox.clock import now
from inbox.connectors.contract import Batch, Deletion, IncomingMessage, Known
from inbox.connectors.look_again import LookAgain


def message(name: str, text: str = "Hallo") -> IncomingMessage:
    return IncomingMessage(name, f"t{name}", text, reply_handle={"post": 1})


def test_only_what_changed_or_went_is_told_and_only_once() -> None:
    watch = LookAgain({})
    watch.add(map(message, "abc"))
    asked: list[list[str]] = []

    def refetch(known: Sequence[Known]) -> Batch:
        asked.append([each.external_id for each in known])
        assert all(each.handle == {"post": 1} and each.thread_id == f"t{each.external_id}" for each in known)
        there = {"a": message("a"), "b": message("b", "anders")}
        found = [there[each.external_id] for each in known if each.external_id in there]
        return Batch(found, [Deletion("c")] if "c" in asked[-1] else [])

    assert list(watch.look(refetch, at_once=2)) == []
    with time_machine.travel(now() + timedelta(hours=2)):
        (edited, gone) = LookAgain(watch.state).look(refetch, at_once=2)
        assert [m.text for m in edited.messages] == ["anders"]
        assert gone.deletions == [Deletion("c")]
        again = LookAgain(watch.state)
        list(again.look(refetch, at_once=2))
        assert list(again.look(refetch, at_once=2)) == []
    with time_machine.travel(now() + timedelta(hours=4)):
        assert list(again.look(refetch, at_once=5)) == []
    assert asked[0] == ["a", "b"]


def test_those_that_came_first_are_let_go() -> None:
    watch = LookAgain({}, watched=3)
    watch.add(message(f"{n}") for n in range(10))
    watch.add([message("7", "anders")])
    assert [entry[0] for entry in watch.state["watched"]] == ["7", "8", "9"]


@pytest.mark.parametrize("watched", [None, 3, "x", [None], [["a", "b", "c"]], [["a", "b", "c", "d"]], [[1, 2, 3, {}]]])
def test_a_cursor_that_holds_something_else_is_as_good_as_none(watched: Any) -> None:
    assert LookAgain({"watched": watched, "looked_at": watched}).state["watched"] == []
