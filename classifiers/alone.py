"""How well the features do at home: one set, learned from its own training part and tried on its own test part."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import HEADS, split_examples
from classifiers.figures import both_sides_f1
from classifiers.inputs import read_inputs
from classifiers.solve import Rows, solve
from classifiers.weigh import count_rows

STRENGTH = 1.0
FOLDS = 2

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


def macro_f1_alone(path: Path, head: str, say: Callable[[str], None]) -> float:
    """Mean F1 of a label and of its absence, of a model that learned from this set's training part only; nan without one.

    Where it cuts is chosen inside the training part.
    """
    column = HEADS.index(head)
    found = [(row, split) for row, split in split_examples(path) if row.said[column] is not None]
    train = np.array([split == "train" for _, split in found], dtype=bool)
    test = np.array([split == "test" for _, split in found], dtype=bool)
    truth = np.array([bool(row.said[column]) for row, _ in found], dtype=bool)
    if not (train.any() and test.any()):
        return float("nan")
    say(f"Learning {path.stem} alone")
    inputs = read_inputs([row.text for row, _ in found], (), say)
    grams = inputs.grams()
    grams, dense = grams[:, np.flatnonzero(grams[train].getnnz(axis=0) > 1)], inputs.dense()
    rows = Rows(grams[train], dense[train])
    cut, weights = _cut(rows, truth[train]), _learn(rows, truth[train])
    return both_sides_f1(Rows(grams[test], dense[test]).sums(weights)[:, 0] > cut, truth[test])


def _cut(rows: Rows, truth: Bools) -> float:
    """Where macro-F1 is best on rows held out."""
    fold = np.random.default_rng(0).permutation(len(truth)) % FOLDS
    sums = np.zeros(len(truth), np.float32)
    for out in range(FOLDS):
        inside, outside = fold != out, fold == out
        weights = _learn(Rows(rows.sparse[inside], rows.dense[inside]), truth[inside])
        sums[outside] = Rows(rows.sparse[outside], rows.dense[outside]).sums(weights)[:, 0]
    return float(max(np.quantile(sums, np.arange(0.3, 0.95, 0.01)), key=lambda cut: both_sides_f1(sums > cut, truth)))


def _learn(rows: Rows, truth: Bools) -> Floats:
    wanted = truth[:, None].astype(np.float32)
    return solve(rows, wanted, count_rows(wanted, np.full(len(truth), "")), STRENGTH)
