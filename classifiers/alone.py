"""How well the features do at home: one set, learned from its own training part and tried on its own test part."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from classifiers.examples import HEADS, split_examples
from classifiers.figures import head_figures
from classifiers.fit import learn_rows
from classifiers.inputs import read_inputs


def macro_f1_alone(path: Path, head: str, say: Callable[[str], None]) -> float:
    """Mean F1 of a label and of its absence, of a model that learned from this set's training part only; nan without one."""
    column = HEADS.index(head)
    rows = [(row, split) for row, split in split_examples(path) if row.said[column] is not None]
    train = np.array([split == "train" for _, split in rows], dtype=bool)
    test = np.array([split == "test" for _, split in rows], dtype=bool)
    truth = np.array([bool(row.said[column]) for row, _ in rows], dtype=bool)
    if not (train.any() and test.any()):
        return float("nan")
    say(f"Learning {path.stem} alone")
    matrix = read_inputs([row.text for row, _ in rows], (), say).matrix
    sources = np.array([row.source for row, _ in rows])
    weights, bias = learn_rows(matrix[train], truth[train], sources[train])
    return _macro(matrix[test] @ weights + bias > 0, truth[test])


def _macro(said: Sequence[bool], truth: Sequence[bool]) -> float:
    chances, so = np.asarray(said, dtype=float), np.asarray(truth, dtype=bool)
    return (head_figures(chances, so, 0.5).f1 + head_figures(1 - chances, ~so, 0.5).f1) / 2
