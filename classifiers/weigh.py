"""How much a row counts while learning, and which rows are held out together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import OURS

OURS_COUNTS = 0.4
"""How much a theme of our own messages counts beside a public set of its size; there are many themes, and few hands wrote them."""

FEWEST = 25
"""Rows of each kind without which a set says little about thresholds."""

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


def count_rows(said: NDArray[np.floating[Any]], sources: NDArray[np.str_]) -> NDArray[np.float32]:
    """How much each row counts for each head (column): nothing where nobody said whether it holds (nan), or all said the same."""
    counts = np.zeros(said.shape, np.float32)
    for head in range(said.shape[1]):
        known = ~np.isnan(said[:, head])
        truth = said[known, head] == 1
        if 0 < truth.sum() < len(truth):
            counts[known, head] = row_weights(truth, sources[known])
    return counts


def usual_weights(truth: Bools, share: float) -> Floats:
    """As if `share` of the rows were positive, as they are in a usual inbox."""
    positive, negative = max(int(truth.sum()), 1), max(int((~truth).sum()), 1)
    return np.where(truth, share / positive, (1 - share) / negative) * len(truth)


def alike_weights(truth: Bools, sets: NDArray[np.str_], share: float) -> Floats:
    """As if every set were a usual inbox, of which `share` are positive, and all were of one size; nothing for sets with fewer
    than FEWEST rows of a kind, unless all are such."""
    weights = np.zeros(len(truth))
    for one in sorted(set(sets.tolist())):
        here = sets == one
        if min((here & truth).sum(), (here & ~truth).sum()) >= FEWEST:
            weights[here] = usual_weights(truth[here], share) / here.sum()
    return weights * (len(truth) / weights.sum()) if weights.any() else usual_weights(truth, share)


def fold_of(sources: NDArray[np.str_], folds: int) -> NDArray[np.int64]:
    """The fold of each row. Whole sets, and whole themes of our own messages, are held out: an inbox is a theme nobody wrote
    about. Where there are fewer sets than folds, their rows are held out one by one."""
    fold: NDArray[np.int64] = np.random.default_rng(0).permutation(len(sources)) % folds
    names = sorted(set(sources.tolist()))
    themes, sets = ([name for name in names if name.startswith(OURS) is own] for own in (True, False))
    for whole in (themes, sets if len(sets) >= folds else []):
        for place, name in enumerate(whole):
            fold[sources == name] = place % folds
    return fold


def sets_of(sources: NDArray[np.str_], folds: int) -> NDArray[np.str_]:
    """The set of each row: its source, and for our own messages those that are held out together."""
    ours = np.char.startswith(sources, OURS)
    found: NDArray[np.str_] = np.where(ours, np.char.add(OURS, fold_of(sources, folds).astype(str)), sources)
    return found
