"""Learns how much a second look counts beside what the model said."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import HEADS, Example
from classifiers.second_look import SecondLook
from classifiers.tags import LANGUAGES
from classifiers.weigh import usual_weights

Floats = NDArray[np.float64]


def fit_second_look(
    teacher: NDArray[np.float32],
    examples: Sequence[Example],
    own: Floats,
    other: Floats,
    shares: dict[str, float],
) -> SecondLook:
    """A second look by the weights of a teacher, whose sums on rows it had not seen are `other`; `own` are the model's
    log-odds there."""
    langs = np.array([example.lang for example in examples])
    usable = np.array([example.calibrates for example in examples])
    blend = {}
    for column, head in enumerate(HEADS):
        known = np.array([example.said[column] is not None for example in examples])
        truth = np.array([bool(example.said[column]) for example in examples])
        both = np.column_stack([own[:, column], other[:, column]])
        blend[head] = {lang: _blend(both, truth, usable & known & (langs == lang), shares[head]) for lang in LANGUAGES}
    return SecondLook(teacher[:-1], teacher[-1], blend)


def _blend(both: Floats, truth: NDArray[np.bool_], rows: NDArray[np.bool_], share: float) -> tuple[float, float, float]:
    from sklearn.linear_model import LogisticRegression

    if min(truth[rows].sum(), (~truth[rows]).sum()) < 1:
        return 1.0, 0.0, 0.0
    found = LogisticRegression(C=1e3, max_iter=300)
    found.fit(both[rows], truth[rows], sample_weight=usual_weights(truth[rows], share))
    return float(found.coef_[0, 0]), float(found.coef_[0, 1]), float(found.intercept_[0])
