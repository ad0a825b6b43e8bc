"""How sure a model must be: to set a tag by itself, to propose it, or to ask. Chosen on texts that it had not seen.

`fit` calls `draw_curve` and `cut_lane`; the lanes stand in the model's file, beside the curve they were read from.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

AUTOMATIC, SUGGEST, ASK = "automatic", "suggest", "ask"
"""The tag is set; it is proposed; nobody knows and a person decides."""

POINTS = 50
FOUND = 0.02
"""A threshold that finds less than this share of a tag is of no use."""

NEVER = 1.0
"""The threshold of a lane that is closed: no probability is that high."""

MISSED = 0.1
"""Share of a label's messages that may lie below its doubt."""

LOWEST, HIGHEST = 0.1, 0.98
"""Open thresholds stay between these, whatever few rows say."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Thresholds of one label in one language, as probabilities: `automatic` ≥ `suggest` ≥ `doubt`; NEVER closes one."""

    automatic: float
    suggest: float
    doubt: float

    def of(self, chance: float) -> str | None:
        """The lane of a message with this probability; None: the label does not hold, and nobody needs to look."""
        if chance >= self.automatic:
            return AUTOMATIC
        if chance >= self.suggest:
            return SUGGEST
        return ASK if chance >= self.doubt else None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What to expect of a threshold: `share` of all messages lie at or above it, `precision` of them rightly."""

    threshold: float
    precision: float
    recall: float
    share: float


def draw_curve(chances: Floats, truth: Bools, weights: Floats) -> list[CurvePoint]:
    """About POINTS thresholds, evenly spaced and rising, with what they gave on held-out rows; those nothing reached are left out.

    `weights` make the rows look like a usual inbox.
    """
    points = [reached(chances, truth, weights, step / POINTS) for step in range(1, POINTS)]
    return [point for point in points if point.share]


def cut_lane(chances: Floats, truth: Bools, weights: Floats, wanted: float) -> Lane:
    """Proposed is from where precision and recall together are best (F1), set from the lowest threshold that keeps the
    `wanted` precision; NEVER where none keeps it and still finds something."""
    order = np.argsort(-chances, kind="stable")
    hits, said = np.cumsum((weights * truth)[order]), np.cumsum(weights[order])
    precision, recall = hits / np.maximum(said, 1e-9), hits / max(hits[-1], 1e-9)
    low = _within(chances[order][int(np.argmax(hits / (said + hits[-1])))])
    kept = np.flatnonzero((precision >= wanted) & (recall >= FOUND))
    high = max(_within(chances[order][kept[-1]]), low) if len(kept) else NEVER
    return Lane(high, low, round(min(float(np.quantile(chances[truth], MISSED)), low), 4))


def reached(chances: Floats, truth: Bools, weights: Floats, threshold: float) -> CurvePoint:
    """What a threshold gives on these rows."""
    above = chances >= threshold
    said, hits = float(weights[above].sum()), float(weights[above & truth].sum())
    there = float(weights[truth].sum())
    found = (threshold, hits / max(said, 1e-9), hits / max(there, 1e-9), said / max(float(weights.sum()), 1e-9))
    return CurvePoint(*(round(value, 4) for value in found))


def _within(threshold: float) -> float:
    return round(min(max(float(threshold), LOWEST), HIGHEST), 4)
