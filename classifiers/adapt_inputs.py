"""Corrected texts as numbers: what the model makes of them, and which words, letters and turns of phrase they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.adapt import ADAPTED_BITS, fold
from classifiers.clean import clean
from classifiers.features import read_features
from classifiers.score import capitals, score_cleaned
from classifiers.store import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_ONCE = 2**13


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of `size` texts: row, place in the adapter's table, and weight, so that each row has length one."""

    size: int
    rows: Ints
    places: Ints
    weights: NDArray[np.float32]

    def likeness(self) -> Floats:
        """How alike each pair of texts is: 0 nothing in common, about 1 the same."""
        found = np.zeros((self.size, self.size), np.float32)
        for start in range(0, 2**ADAPTED_BITS, _AT_ONCE):
            here = (self.places >= start) & (self.places < start + _AT_ONCE)
            flat = self.rows[here] * _AT_ONCE + self.places[here] - start
            part = np.bincount(flat, self.weights[here], minlength=self.size * _AT_ONCE).astype(np.float32)
            dense = part.reshape(self.size, _AT_ONCE)
            found += dense @ dense.T
        return found.astype(np.float64)

    def mean(self) -> Floats:
        """The middle of the texts: for each place its mean weight."""
        return np.bincount(self.places, self.weights, minlength=2**ADAPTED_BITS) / max(self.size, 1)

    def along(self, direction: Floats) -> Floats:
        """How far each text lies along a direction of places."""
        return np.bincount(self.rows, self.weights * direction[self.places], minlength=self.size).astype(np.float64)

    def gather(self, of_rows: Floats) -> Floats:
        """For each place the sum of its weights times the value of its row."""
        return np.bincount(self.places, self.weights * of_rows[self.rows], minlength=2**ADAPTED_BITS).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Inputs:
    """`scores` are the model's, one column per head; all have one row per text."""

    scores: Floats
    cues: Floats
    words: Grams
    letters: Grams


def read_inputs(model: Model, texts: Sequence[str]) -> Inputs:
    """The numbers of the texts, in order."""
    cleaned, shares = [clean(text) for text in texts], [capitals(text) for text in texts]
    nothing = np.empty(0, np.int64)
    words, letters, cues, base = (
        [(nothing, nothing)],
        [(nothing, nothing)],
        [np.empty((0, len(model.cues)), np.float32)],
        0,
    )
    for chunk in read_features(cleaned, shares):
        words.append((chunk.words[0] + base, chunk.words[1]))
        letters.append((chunk.letters[0] + base, chunk.letters[1]))
        cues.append(chunk.cues)
        base += chunk.size
    return Inputs(
        score_cleaned(model, cleaned, shares),
        np.concatenate(cues).astype(np.float64),
        _grams(words, model.words[:, -1], base),
        _grams(letters, model.letters[:, -1], base),
    )


def _grams(found: list[tuple[Ints, Ints]], squares: NDArray[np.float32], size: int) -> Grams:
    rows = np.concatenate([rows for rows, _ in found])
    places = np.concatenate([places for _, places in found])
    length = np.sqrt(np.maximum(np.bincount(rows, squares[places], minlength=size), 1e-9))
    return Grams(size, rows, fold(places), (np.sqrt(squares[places]) / length[rows]).astype(np.float32))
