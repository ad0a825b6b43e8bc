"""Learns a model from examples: one logistic regression per head, calibrated and cut on rows it had not seen."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedding import available
from classifiers.examples import HEADS, Example
from classifiers.features import FEATURES_VERSION
from classifiers.figures import calibration_error
from classifiers.fit_second import fit_second_look
from classifiers.inputs import read_inputs, split_columns, split_weights
from classifiers.lanes import cut_lane, draw_curve, reached
from classifiers.store import Model
from classifiers.tags import LANGUAGES
from classifiers.weigh import fold_of, row_weights, usual_weights

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STRENGTH = 1.0
"""Inverse strength of regularisation; with each set left out in turn, 0.5 did better there than 2, and worse at home."""

FOLDS = 3
ENOUGH = 60
"""Positive held-out rows that a language needs for a curve of its own."""


def fit(
    examples: Sequence[Example], manifest: dict[str, Any], say: Callable[[str], None], further: Sequence[str] = ()
) -> tuple[Model, dict[str, Any]]:
    """A model, and figures on held-out rows: calibration error, thresholds and what they reach, per head and language.

    `further` are texts without labels, whose words are learned by their meaning. The same examples give the same model.
    `say` is told about progress.
    """
    say(f"Reading {len(examples)} texts")
    inputs = read_inputs([example.text for example in examples], further, say)
    # Rows of the tables that no text falls into cost time and learn nothing.
    met = np.flatnonzero(inputs.matrix.getnnz(axis=0))
    matrix = inputs.matrix[:, met]
    langs = np.array([example.lang for example in examples])
    sources = np.array([example.source for example in examples])
    usable = np.array([example.calibrates for example in examples])
    log_odds = np.full((len(examples), len(HEADS)), np.nan)
    weights = np.zeros((inputs.matrix.shape[1], len(HEADS)), np.float32)
    bias = np.zeros(len(HEADS), np.float32)
    curves: dict[str, Any] = {}
    lanes: dict[str, Any] = {}
    drawn: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for column, head in enumerate(HEADS):
        known = np.flatnonzero([example.said[column] is not None for example in examples])
        truth = np.array([bool(examples[int(row)].said[column]) for row in known])
        say(f"Learning {head}: {int(truth.sum())} of {len(known)}")
        held = _held_out_scores(matrix[known], truth, sources[known])
        used = usable[known]
        if min(truth[used].sum(), (~truth[used]).sum()) < ENOUGH:
            used = np.ones(len(known), bool)
        wanted = manifest["automatic"][head], manifest["precision"][head]
        curves[head], lanes[head], drawn[head], figures[head] = _cut(
            held[used], truth[used], langs[known][used], manifest["shares"][head], wanted
        )
        slopes = np.array([curves[head].get(lang, curves[head]["*"]) for lang in langs[known]])
        log_odds[known, column] = slopes[:, 0] * held + slopes[:, 1]
        weights[met, column], bias[column] = learn_rows(matrix[known], truth, sources[known])
    second = None
    if available():
        turns = split_columns(inputs.matrix)[2].toarray()
        second = fit_second_look(examples, turns, log_odds, manifest["shares"], say)
    words, letters, cues, directions = split_weights(weights)
    tables = [
        np.column_stack([table * rarity[:, None], rarity**2])
        for table, rarity in zip((words, letters), inputs.rarity, strict=True)
    ]
    meanings = inputs.meanings.vectors @ directions
    digest = hashlib.sha256(repr([(example.text, example.said) for example in examples]).encode())
    for array in (*tables, cues, inputs.meanings.known, meanings, *([second.weights] if second else [])):
        digest.update(array.tobytes())
    model = Model(
        version=f"{FEATURES_VERSION}-{digest.hexdigest()[:10]}",
        heads=HEADS,
        words=tables[0],
        letters=tables[1],
        cues=cues,
        bias=bias,
        known=inputs.meanings.known,
        meanings=meanings,
        second=second,
        calibration=curves,
        lanes=lanes,
        curves=drawn,
        shares=manifest["shares"],
        trained_on={source: int((sources == source).sum()) for source in sorted(set(sources.tolist()))},
    )
    return model, figures


def learn_rows(inputs: Any, truth: Bools, sources: NDArray[np.str_]) -> tuple[NDArray[np.float32], float]:
    """A weight for each column, and where the sum starts."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=300, random_state=0)
    found.fit(inputs, truth, sample_weight=row_weights(truth, sources))
    return found.coef_[0].astype(np.float32), float(found.intercept_[0])


def _held_out_scores(inputs: Any, truth: Bools, sources: NDArray[np.str_]) -> Floats:
    fold = fold_of(sources, FOLDS)
    scores = np.zeros(len(truth))
    for held in range(FOLDS):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        coefficients, bias = learn_rows(inputs[inside], truth[inside], sources[inside])
        scores[outside] = inputs[outside] @ coefficients + bias
    return scores


def _cut(
    scores: Floats, truth: Bools, langs: NDArray[np.str_], share: float, wanted: tuple[float, float]
) -> tuple[Any, ...]:
    curves, lanes, drawn, figures = {}, {}, {}, {}
    for lang in ("*", *LANGUAGES):
        rows = np.ones(len(langs), bool) if lang == "*" else langs == lang
        if lang != "*" and (truth[rows].sum() < ENOUGH or (~truth[rows]).sum() < ENOUGH):
            rows = np.ones(len(langs), bool)
        these, so = scores[rows], truth[rows]
        weights = usual_weights(so, share)
        slope, intercept = _curve(these, so, weights)
        chances = 1 / (1 + np.exp(-(slope * these + intercept)))
        curves[lang] = (slope, intercept)
        if lang == "*":
            continue
        lanes[lang] = cut_lane(chances, so, weights, *wanted)
        drawn[lang] = draw_curve(chances, so, weights)
        figures[lang] = {
            "rows": len(so),
            "positive": int(so.sum()),
            "suggest": reached(chances, so, weights, lanes[lang].suggest),
            "automatic": reached(chances, so, weights, lanes[lang].automatic),
            "calibration_error": calibration_error(chances, so, weights),
        }
    return curves, lanes, drawn, figures


def _curve(scores: Floats, truth: Bools, weights: Floats) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=1e6, solver="lbfgs", max_iter=200).fit(scores[:, None], truth, sample_weight=weights)
    return float(found.coef_[0, 0]), float(found.intercept_[0])
