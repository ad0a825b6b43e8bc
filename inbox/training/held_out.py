"""How good the model that came with Trellis is, as far as the texts say that it had been held back from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.labels.models import LABELS, Tag, Threshold
from inbox.training.expect import Curve, read_curve

BINS = 10


@dataclass(frozen=True, slots=True)
class Reached:
    """What a threshold gave: so many of those above it were `right`, and so many of all that there were lay there."""

    right: float
    found: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One label in one language at the model's own thresholds; None where it never sets or proposes the tag.

    `error` is the calibration error: how far the stated probabilities are from what was so, on the mean.
    """

    tag: Tag
    automatic: Reached | None
    suggest: Reached | None
    error: float


def held_out(session: Session) -> dict[str, list[HeldOut]]:
    """The figures by language, labels in their order, in one statement; empty before a worker has published its model."""
    rows = session.scalars(sa.select(Threshold).order_by(Threshold.language)).all()
    ordered = sorted((row for row in rows if row.curve), key=lambda row: (row.language, LABELS.index(row.label)))
    figures: dict[str, list[HeldOut]] = {}
    for row in ordered:
        automatic, suggest = (_reached(row.curve, at) for at in (row.model_automatic, row.model_suggest))
        figures.setdefault(row.language, []).append(
            HeldOut(row.label, automatic, suggest, calibration_error(row.curve))
        )
    return figures


def calibration_error(curve: Curve) -> float:
    """Mean distance between what was said and what was so over BINS equal parts, from the steps of the curve between them."""
    steps = [(0.0, 1.0, _there(curve)), *((at, share, right * share) for at, right, _, share in curve), (1.0, 0.0, 0.0)]
    said, so = [0.0] * BINS, [0.0] * BINS
    for (low, above, true), (high, above_next, true_next) in pairwise(steps):
        place = min(int(low * BINS + 1e-6), BINS - 1)
        said[place] += (above - above_next) * (low + high) / 2
        so[place] += true - true_next
    return sum(abs(one - other) for one, other in zip(said, so, strict=True))


def _reached(curve: Curve, threshold: float) -> Reached | None:
    if threshold >= 1:
        return None
    right, share = read_curve(curve, threshold)
    return Reached(right, min(right * share / max(_there(curve), 1e-9), 1.0))


def _there(curve: Sequence[Sequence[float]]) -> float:
    """The share of all messages that carry the label."""
    _, right, found, share = curve[0]
    return right * share / found if found else 0.0
