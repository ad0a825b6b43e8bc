"""Learns the second look: heads over what texts mean, and how much they count beside the model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import HEADS, OURS, Example
from classifiers.second_look import SecondLook, meaning_inputs
from classifiers.tags import LANGUAGES
from classifiers.weigh import fold_of, row_weights, usual_weights

Floats = NDArray[np.float64]

MOST, OF_OURS = 2_000, 120
"""Rows of one set, and of one theme of our own messages, that are embedded."""

FOLDS = 3


def fit_second_look(
    examples: Sequence[Example],
    turns: NDArray[np.float32],
    held: Floats,
    shares: dict[str, float],
    say: Callable[[str], None],
) -> SecondLook:
    """A second look for a model whose log-odds on rows it had not seen are `held` (nan where nobody knows the truth)."""
    rows = _some(examples)
    say(f"Embedding {len(rows)} texts")
    inputs = meaning_inputs([examples[row].text for row in rows], turns[rows])
    langs = np.array([examples[row].lang for row in rows])
    sources = np.array([examples[row].source for row in rows])
    usable = np.array([examples[row].calibrates for row in rows])
    weights = np.zeros((inputs.shape[1], len(HEADS)), np.float32)
    bias = np.zeros(len(HEADS), np.float32)
    blend = {}
    for column, head in enumerate(HEADS):
        said = [examples[row].said[column] for row in rows]
        known = np.flatnonzero([value is not None for value in said])
        truth = np.array([bool(said[row]) for row in known])
        other = np.zeros(len(known))
        fold = fold_of(sources[known], FOLDS)
        for out in range(FOLDS):
            learned = _regression(inputs[known[fold != out]], truth[fold != out], sources[known[fold != out]])
            other[fold == out] = learned.decision_function(inputs[known[fold == out]])
        learned = _regression(inputs[known], truth, sources[known])
        weights[:, column], bias[column] = learned.coef_[0], learned.intercept_[0]
        both = np.column_stack([held[rows][known, column], other])
        blend[head] = {
            lang: _blend(both, truth, usable[known] & (langs[known] == lang), shares[head]) for lang in LANGUAGES
        }
    return SecondLook(weights, bias, blend)


def _some(examples: Sequence[Example]) -> NDArray[np.int64]:
    chance = np.random.default_rng(0)
    sources = np.array([example.source for example in examples])
    found = []
    for source in sorted(set(sources.tolist())):
        rows = np.flatnonzero(sources == source)
        found.append(chance.permutation(rows)[: OF_OURS if source.startswith(OURS) else MOST])
    return np.sort(np.concatenate(found))


def _regression(inputs: NDArray[np.float32], truth: NDArray[np.bool_], sources: NDArray[np.str_]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=300).fit(inputs, truth, sample_weight=row_weights(truth, sources))


def _blend(both: Floats, truth: NDArray[np.bool_], rows: NDArray[np.bool_], share: float) -> tuple[float, float, float]:
    from sklearn.linear_model import LogisticRegression

    if min(truth[rows].sum(), (~truth[rows]).sum()) < 1:
        return 1.0, 0.0, 0.0
    found = LogisticRegression(C=1e3, max_iter=300)
    found.fit(both[rows], truth[rows], sample_weight=usual_weights(truth[rows], share))
    return float(found.coef_[0, 0]), float(found.coef_[0, 1]), float(found.intercept_[0])
