"""Says how good answers are: precision, recall, F1, area under the curve, and how far probabilities can be believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """How one head did on one set. `auroc` is nan when the set holds only one kind."""

    rows: int
    positive: int
    auroc: float
    precision: float
    recall: float
    f1: float


def head_figures(probabilities: Floats, truth: Bools, thresholds: Floats | float) -> Figures:
    """Figures of one head: a row counts as positive at or above its threshold. Empty sets give zeros."""
    said = probabilities >= thresholds
    hits = int((said & truth).sum())
    precision = hits / max(int(said.sum()), 1)
    recall = hits / max(int(truth.sum()), 1)
    return Figures(
        rows=len(truth),
        positive=int(truth.sum()),
        auroc=auroc(probabilities, truth),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(precision + recall, 1e-9),
    )


def both_sides_f1(said: Bools, truth: Bools) -> float:
    """The mean of the F1 of having a tag and the F1 of not having it."""
    right = [(said & truth).sum(), (~said & ~truth).sum()]
    wrong = (said != truth).sum()
    return float(np.mean([2 * hits / max(2 * hits + wrong, 1) for hits in right]))


def auroc(scores: Floats, truth: Bools) -> float:
    """Chance that a positive row scores above a negative one; ties count half."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return float("nan")
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def calibration_error(probabilities: Floats, truth: Bools, weights: Floats, bins: int = 10) -> float:
    """Mean distance between what was said and what was so, over equal bins, weighted by rows."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    said = np.bincount(place, weights * probabilities, minlength=bins)
    so = np.bincount(place, weights * truth, minlength=bins)
    return float(np.abs(said - so).sum() / max(weights.sum(), 1e-9))


def mean(values: Sequence[float]) -> float:
    """The mean of those that are numbers; nan of none."""
    numbers = [value for value in values if value == value]
    return sum(numbers) / len(numbers) if numbers else float("nan")
