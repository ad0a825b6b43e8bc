"""How much a row counts while learning, and which rows are held out together."""

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import OURS

OURS_COUNTS = 0.4
"""How much a theme of our own messages counts beside a public set of its size; there are many themes, and few hands wrote them."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def row_weights(truth: Bools, sources: NDArray[np.str_]) -> Floats:
    """A source counts by the root of its size, so that a large set of one kind does not set the tone alone; positive and
    negative rows weigh the same, and one row on average 1."""
    weights = np.ones(len(truth))
    for source in set(sources.tolist()):
        weights[sources == source] = (OURS_COUNTS if source.startswith(OURS) else 1) / np.sqrt(
            (sources == source).sum()
        )
    weights[truth] *= weights[~truth].sum() / weights[truth].sum()
    found: Floats = weights * (len(weights) / weights.sum())
    return found


def usual_weights(truth: Bools, share: float) -> Floats:
    """As if `share` of the rows were positive, as they are in a usual inbox."""
    positive, negative = max(int(truth.sum()), 1), max(int((~truth).sum()), 1)
    return np.where(truth, share / positive, (1 - share) / negative) * len(truth)


def fold_of(sources: NDArray[np.str_], folds: int) -> NDArray[np.int64]:
    """The fold of each row. Of our own messages a whole theme is held out at a time: an inbox is a theme nobody wrote about."""
    fold: NDArray[np.int64] = np.random.default_rng(0).permutation(len(sources)) % folds
    for place, theme in enumerate(sorted({source for source in sources.tolist() if source.startswith(OURS)})):
        fold[sources == theme] = place % folds
    return fold
