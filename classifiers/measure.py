"""Tries a model on a labelled set: one line of figures per head that the set speaks of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.examples import HEADS, Example
from classifiers.figures import Figures, head_figures
from classifiers.score import score
from classifiers.store import Model
from classifiers.tagger import calibrate

_FEWEST = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One head on one set, at the model's thresholds for suggesting."""

    head: str
    name: str
    lang: str
    figures: Figures


def measure(model: Model, name: str, examples: Sequence[Example]) -> list[Measured]:
    """Figures of every head with at least ten positive and ten negative rows."""
    langs = [example.lang for example in examples]
    scores = calibrate(model, score(model, [example.text for example in examples]), langs)
    chances = 1 / (1 + np.exp(-scores))
    found = []
    for column, head in enumerate(HEADS):
        rows = [row for row, example in enumerate(examples) if example.said[column] is not None]
        truth = np.array([bool(examples[row].said[column]) for row in rows], dtype=bool)
        if min(int(truth.sum()), int((~truth).sum())) < _FEWEST:
            continue
        cuts = np.array([model.lanes[head][langs[row]].suggest for row in rows])
        spoken = "/".join(sorted({langs[row] for row in rows}))
        found.append(Measured(head, name, spoken, head_figures(chances[rows, column], truth, cuts)))
    return found
