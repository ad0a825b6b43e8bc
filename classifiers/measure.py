"""Tries a model on a labelled set: one line of figures per head that the set speaks of, and false alarms where none belong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import HEADS, Example
from classifiers.figures import Figures, head_figures
from classifiers.judge import judge
from classifiers.second_look import SecondLook
from classifiers.store import Model
from classifiers.tags import Tag

_FEWEST = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One head on one set: at the model's thresholds for suggesting, and for tagging without asking."""

    head: str
    name: str
    lang: str
    suggest: Figures
    automatic: Figures


@dataclass(frozen=True, slots=True)
class Tried:
    """One set: figures per head, and `alarms`, the share of its rows that would be called troll without asking."""

    name: str
    rows: int
    heads: list[Measured]
    alarms: float


def measure(model: Model, name: str, examples: Sequence[Example], second: SecondLook | None = None) -> Tried:
    """Figures of every head with at least ten positive and ten negative rows."""
    langs = [example.lang for example in examples]
    chances = 1 / (1 + np.exp(-judge(model, [example.text for example in examples], langs, second)))
    found = []
    for column, head in enumerate(HEADS):
        rows = [row for row, example in enumerate(examples) if example.said[column] is not None]
        truth = np.array([bool(examples[row].said[column]) for row in rows], dtype=bool)
        if min(int(truth.sum()), int((~truth).sum())) < _FEWEST:
            continue
        lanes = [model.lanes[head][langs[row]] for row in rows]
        spoken = "/".join(sorted({langs[row] for row in rows}))
        suggest = head_figures(chances[rows, column], truth, np.array([lane.suggest for lane in lanes]))
        automatic = head_figures(chances[rows, column], truth, np.array([lane.automatic for lane in lanes]))
        found.append(Measured(head, name, spoken, suggest, automatic))
    return Tried(name, len(examples), found, _alarms(model, chances[:, HEADS.index(Tag.TROLL)], langs))


def _alarms(model: Model, chances: NDArray[np.float64], langs: Sequence[str]) -> float:
    cuts = np.array([model.lanes[Tag.TROLL][lang].automatic for lang in langs])
    return float((chances >= cuts).mean()) if len(cuts) else 0.0
