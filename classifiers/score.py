"""Adds up the weights that speak for and against each head of a model."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.clean import clean
from classifiers.features import Chunk, Floats, read_features
from classifiers.store import Model
from classifiers.tokens import Hashes, Ints

_CAPITAL = re.compile("[A-ZÀ-ÖØ-Þẞ]")


def score(model: Model, texts: Sequence[str]) -> NDArray[np.float64]:
    """One row per text, one column per head: positive speaks for it. Not yet probabilities. Any string will do."""
    return score_cleaned(model, [clean(text) for text in texts], [capitals(text) for text in texts])


def score_cleaned(model: Model, cleaned: Sequence[str], shares: Sequence[float]) -> NDArray[np.float64]:
    """As `score`, for texts that went through `clean`, with the raw texts' share of capitals."""
    parts = [
        _sums(model.words, *chunk.words, chunk.size)
        + _sums(model.letters, *chunk.letters, chunk.size)
        + chunk.cues.astype(np.float64) @ model.cues
        + _meant(model, chunk)
        + model.bias
        for chunk in read_features(cleaned, shares)
    ]
    return np.concatenate([np.zeros((0, len(model.heads))), *parts])


def capitals(text: str) -> float:
    """How much of the text's beginning shouts: 0 to 1."""
    start = text[:1000]
    return min(1.0, 3 * len(_CAPITAL.findall(start)) / (len(start) + 1))


def places_of(hashes: Hashes, known: Hashes) -> Ints:
    """The place of each hash in `known`, which rises; -1 for those that are not there."""
    if not len(known):
        return np.full(len(hashes), -1)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[at] == hashes, at, -1)


def find_known(chunk: Chunk, known: Hashes) -> tuple[Ints, Ints]:
    """Row of the text, and place in `known`, of every word that is in there."""
    rows, hashes = chunk.spoken
    at = places_of(hashes, known)
    return rows[at >= 0], at[at >= 0]


def _meant(model: Model, chunk: Chunk) -> NDArray[np.float64]:
    rows, at = find_known(chunk, model.known)
    weights = model.meanings[at]
    sums = [np.bincount(rows, weights[:, column], minlength=chunk.size) for column in range(weights.shape[1])]
    length = np.sqrt(np.maximum(np.bincount(rows, minlength=chunk.size), 1))
    found: NDArray[np.float64] = np.stack(sums, axis=1) / length[:, None]
    return found


def _sums(table: Floats, rows: Ints, places: Ints, size: int) -> NDArray[np.float64]:
    # The n-grams of one text stand together, in a few runs: far fewer to add up than n-grams. Places are never out of bounds,
    # and "clip" is how numpy takes them without looking again.
    firsts = np.flatnonzero(np.diff(rows, prepend=-1))
    runs = np.add.reduceat(table.take(places, axis=0, mode="clip"), firsts, axis=0) if len(firsts) else table[:0]
    sums = np.zeros((size, table.shape[1]))
    np.add.at(sums, rows[firsts], runs)
    length: NDArray[np.float64] = np.sqrt(np.maximum(sums[:, -1:], 1e-9))
    found: NDArray[np.float64] = sums[:, :-1] / length
    return found
