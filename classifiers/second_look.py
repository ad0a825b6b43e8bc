"""A second opinion on texts that the model is unsure of, from what they mean as a whole. Needs the optional embedding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.embedding import DIMENSIONS, embed
from classifiers.turns import NAMES

SPREAD = 3.0
"""How long an embedding is beside the turns of phrase, which lie between 0 and 1."""

WIDTH = DIMENSIONS + len(NAMES)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SecondLook:
    """`weights` has WIDTH rows and one column per head; `blend[head][lang]` is (own, other, start).

    What the model said counts `own`, what the embedding says counts `other`; the sum with `start` are log-odds.
    """

    weights: Floats
    bias: Floats
    blend: Mapping[str, Mapping[str, tuple[float, float, float]]]

    def look(
        self,
        texts: Sequence[str],
        turns: Floats,
        scores: NDArray[np.float64],
        spoken: Sequence[str],
        heads: Sequence[str],
    ) -> NDArray[np.float64]:
        """The log-odds `scores`, one row per text and one column per head, after a second look at each text."""
        other = meaning_inputs(texts, turns) @ self.weights + self.bias
        parts = np.array([[self.blend[head][lang] for head in heads] for lang in spoken])
        found: NDArray[np.float64] = parts[:, :, 0] * scores + parts[:, :, 1] * other + parts[:, :, 2]
        return found


def meaning_inputs(texts: Sequence[str], turns: Floats) -> Floats:
    """One row of WIDTH per text: what it means, then its turns of phrase."""
    return np.hstack([embed(texts) * SPREAD, turns]).astype(np.float32)
