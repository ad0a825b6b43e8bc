"""What begins beside a worker's jobs: at once, again and again, and nothing any more once the worker leaves."""

import threading

import pytest

from workers import keep_going as keeping
from workers import poll, refetch, rescue, send, sync_tickets
from workers.keep_going import keep_going


class Recipes:
    """The five recipes, of which only is noted what they are told, and by which thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[str, str]] = []
        self.is_held = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        for recipe in (send, rescue, poll, refetch, sync_tickets):
            name = recipe.__name__.removeprefix("workers.")
            monkeypatch.setattr(recipe, "go_on", lambda name=name: self.begin(name))
            monkeypatch.setattr(recipe, "leave", lambda _patience, name=name: self.note("leave", name))

    def begin(self, name: str) -> None:
        """As a recipe does that has to wait for the database."""
        self.note("go on", name)
        if not self.may_go_on.is_set():
            self.is_held.set()
            self.may_go_on.wait(10)

    def note(self, what: str, name: str) -> None:
        self.told.append((what, name))


@pytest.fixture
def recipes(monkeypatch: pytest.MonkeyPatch) -> Recipes:
    monkeypatch.setattr(keeping, "READ_SECONDS", 0.05)
    return Recipes(monkeypatch)


def test_what_is_due_begins_before_the_first_job(recipes: Recipes) -> None:
    with keep_going(burst=False):
        assert [name for _, name in recipes.told] == ["send", "rescue", "poll", "refetch", "sync_tickets"]


def test_a_burst_begins_nothing_by_itself(recipes: Recipes) -> None:
    with keep_going(burst=True):
        assert recipes.told == []
    assert {what for what, _ in recipes.told} == {"leave"}


def test_what_cannot_begin_keeps_neither_the_others_nor_the_worker(
    recipes: Recipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescue, "go_on", lambda: 1 / 0)
    with keep_going(burst=False):
        assert ("go on", "refetch") in recipes.told


def test_nothing_begins_after_the_worker_has_left(recipes: Recipes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "BEAT_SECONDS", 0.01)
    with keep_going(burst=False):
        recipes.may_go_on.clear()
        assert recipes.is_held.wait(5)
    (beating,) = [thread for thread in threading.enumerate() if thread.name.endswith("(_beat)")]
    recipes.may_go_on.set()
    beating.join(5)
    left = recipes.told.index(("leave", "send"))
    assert [what for what, _ in recipes.told[left:]] == ["leave"] * 5
