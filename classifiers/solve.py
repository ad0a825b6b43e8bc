"""Logistic regressions of all heads over the same rows at once: each pass over the texts serves every head.

Newton's method, its steps found by conjugate gradients. Wanted are probabilities, not only yes and no, so that a teacher's
doubts can be learned too.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

CLOSE = 0.02
"""The slope that is left at the end, as a share of what it was in the beginning."""

_STEPS, _TURNS, _HALVINGS = 12, 25, 8
_TINY = np.float32(1e-20)


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as numbers: a sparse matrix beside a dense one. The last weight of a sum is where it starts."""

    sparse: Any
    dense: Floats
    turned: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "turned", self.sparse.T.tocsr())

    @property
    def width(self) -> int:
        """How many weights a head has."""
        return int(self.sparse.shape[1] + self.dense.shape[1] + 1)

    def sums(self, weights: Floats) -> Floats:
        """One row per text, one column per head."""
        first = self.sparse.shape[1]
        found: Floats = self.sparse @ weights[:first] + self.dense @ weights[first:-1] + weights[-1]
        return found

    def gather(self, of_rows: Floats) -> Floats:
        """For each weight the sum over the texts of what it is worth there."""
        return np.vstack([self.turned @ of_rows, self.dense.T @ of_rows, of_rows.sum(axis=0)[None]])

    def squares(self, of_rows: Floats) -> Floats:
        """As `gather`, of the squared numbers."""
        squared = self.turned.copy()
        squared.data **= 2
        return np.vstack([squared @ of_rows, (self.dense**2).T @ of_rows, of_rows.sum(axis=0)[None]])


def solve(rows: Rows, wanted: NDArray[Any], counts: NDArray[Any], strength: float) -> Floats:
    """Weights, one column per head, of which the last row is the start.

    `wanted` are probabilities and `counts` how much each row counts for each head; 0 where nobody knows. `strength` is
    the inverse strength of regularisation. On one core, so that the same rows give the same weights on every machine.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        return _solve(rows, wanted.astype(np.float32), counts.astype(np.float32), np.float32(strength))


def chances(sums: NDArray[Any]) -> NDArray[Any]:
    """Log-odds as probabilities."""
    found: NDArray[Any] = 1 / (1 + np.exp(-np.clip(sums, -30, 30)))
    return found


def _solve(rows: Rows, wanted: Floats, counts: Floats, strength: np.float32) -> Floats:
    weights = np.zeros((rows.width, wanted.shape[1]), np.float32)
    sums = np.zeros_like(wanted)
    cost = _cost(sums, wanted, counts, weights, strength)
    first: Floats | None = None
    for _ in range(_STEPS):
        said = chances(sums)
        slope = rows.gather(counts * (said - wanted)) + weights / strength
        steep = np.linalg.norm(slope, axis=0)
        first = steep if first is None else first
        moving = steep > CLOSE * first
        if not moving.any():
            break
        step, moved = _step(rows, slope, counts * said * (1 - said), strength, moving)
        length = moving.astype(np.float32)
        for _ in range(_HALVINGS):
            after = _cost(sums + length * moved, wanted, counts, weights + length * step, strength)
            if not (worse := after > cost + 1e-6 * abs(cost)).any():
                break
            length = np.where(worse, length / 2, length)
        weights, sums, cost = weights + length * step, sums + length * moved, after
    return weights


def _step(
    rows: Rows, slope: Floats, certain: Floats, strength: np.float32, moving: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Where the curve's bottom lies, about, and how far the sums move on the way there."""
    eased = 1 / (rows.squares(certain) + 1 / strength)
    step, moved, left = np.zeros_like(slope), np.zeros_like(certain), -slope
    along = eased * left
    size = begun = (left * along).sum(axis=0)
    for _ in range(_TURNS):
        ahead = rows.sums(along)
        bent = rows.gather(certain * ahead) + along / strength
        length = np.where(moving, size / np.maximum((along * bent).sum(axis=0), _TINY), 0)
        step, moved, left = step + length * along, moved + length * ahead, left - length * bent
        near = eased * left
        before, size = size, (left * near).sum(axis=0)
        if not (moving & (size > 0.01 * begun)).any():
            break
        along = near + size / np.maximum(before, _TINY) * along
    return step, moved


def _cost(sums: Floats, wanted: Floats, counts: Floats, weights: Floats, strength: np.float32) -> NDArray[np.float64]:
    wrong = (counts * (np.logaddexp(np.float32(0), sums) - wanted * sums)).sum(axis=0, dtype=np.float64)
    found: NDArray[np.float64] = wrong + (weights.astype(np.float64) ** 2).sum(axis=0) / (2 * float(strength))
    return found
