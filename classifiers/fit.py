"""Learns a model from examples: one logistic regression per head, calibrated and cut on rows it had not seen."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.clean import clean
from classifiers.examples import HEADS, OURS, Example
from classifiers.features import BITS, FEATURES_VERSION, read_features
from classifiers.figures import calibration_error
from classifiers.lanes import cut_lane, draw_curve, reached
from classifiers.score import capitals
from classifiers.store import Model
from classifiers.tags import LANGUAGES

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STRENGTH = 1.0
"""Inverse strength of regularisation; with each set left out in turn, 0.5 did better there than 2, and worse at home."""

FOLDS = 3
ENOUGH = 60
"""Positive held-out rows that a language needs for a curve of its own."""


def fit(
    examples: Sequence[Example], manifest: dict[str, Any], say: Callable[[str], None]
) -> tuple[Model, dict[str, Any]]:
    """A model, and figures on held-out rows: calibration error, threshold and precision per head and language.

    The same examples give the same model. `say` is told about progress.
    """
    import scipy.sparse as sp

    say(f"Reading {len(examples)} texts")
    words, letters, cues = _matrices([example.text for example in examples])
    weights = _rarity(words), _rarity(letters)
    inputs = sp.hstack([_weighed(words, weights[0]), _weighed(letters, weights[1]), sp.csr_matrix(cues)], format="csr")
    # Rows of the tables that no text falls into cost time and learn nothing.
    met = np.flatnonzero(inputs.getnnz(axis=0))
    inputs = inputs[:, met]
    langs = np.array([example.lang for example in examples])
    sources = np.array([example.source for example in examples])
    usable = np.array([example.calibrates for example in examples])
    tables = [np.zeros((2**BITS, len(HEADS) + 1), np.float32) for _ in range(2)]
    for table, rarity in zip(tables, weights, strict=True):
        table[:, -1] = rarity**2
    cue_weights, bias = np.zeros((cues.shape[1], len(HEADS)), np.float32), np.zeros(len(HEADS), np.float32)
    curves: dict[str, Any] = {}
    lanes: dict[str, Any] = {}
    drawn: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for column, head in enumerate(HEADS):
        known = np.flatnonzero([example.said[column] is not None for example in examples])
        truth = np.array([bool(examples[int(row)].said[column]) for row in known])
        say(f"Learning {head}: {int(truth.sum())} of {len(known)}")
        held = _held_out_scores(inputs[known], truth, sources[known])
        used = usable[known]
        if min(truth[used].sum(), (~truth[used]).sum()) < ENOUGH:
            used = np.ones(len(known), bool)
        wanted = manifest["automatic"][head], manifest["precision"][head]
        curves[head], lanes[head], drawn[head], figures[head] = _cut(
            held[used], truth[used], langs[known][used], manifest["shares"][head], wanted
        )
        learned, bias[column] = _regression(inputs[known], truth, sources[known])
        coefficients = np.zeros(2 ** (BITS + 1) + cues.shape[1], np.float32)
        coefficients[met] = learned
        tables[0][:, column] = coefficients[: 2**BITS] * weights[0]
        tables[1][:, column] = coefficients[2**BITS : 2 ** (BITS + 1)] * weights[1]
        cue_weights[:, column] = coefficients[2 ** (BITS + 1) :]
    digest = hashlib.sha256(repr([(example.text, example.said) for example in examples]).encode())
    for array in (*tables, cue_weights):
        digest.update(array.tobytes())
    model = Model(
        version=f"{FEATURES_VERSION}-{digest.hexdigest()[:10]}",
        heads=HEADS,
        words=tables[0],
        letters=tables[1],
        cues=cue_weights,
        bias=bias,
        calibration=curves,
        lanes=lanes,
        curves=drawn,
        shares=manifest["shares"],
        trained_on={source: int((sources == source).sum()) for source in sorted(set(sources.tolist()))},
    )
    return model, figures


def _matrices(texts: Sequence[str]) -> tuple[Any, Any, NDArray[np.float32]]:
    import scipy.sparse as sp

    base, found_cues = 0, []
    found: tuple[list[Any], list[Any]] = ([], [])
    for chunk in read_features([clean(text) for text in texts], [capitals(text) for text in texts]):
        for part, (rows, places) in zip(found, (chunk.words, chunk.letters), strict=True):
            part.append((rows + base, places))
        found_cues.append(chunk.cues)
        base += chunk.size
    counts = []
    for part in found:
        rows, places = (np.concatenate(column) for column in zip(*part, strict=True))
        matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, places)), shape=(len(texts), 2**BITS))
        matrix.sum_duplicates()
        counts.append(matrix)
    return counts[0], counts[1], np.concatenate(found_cues)


def _rarity(counts: Any) -> NDArray[np.float32]:
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity: NDArray[np.float32] = (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float32)
    return rarity


def _weighed(counts: Any, rarity: NDArray[np.float32]) -> Any:
    import scipy.sparse as sp

    length = np.sqrt(np.maximum(counts @ rarity**2, 1e-9))
    return (sp.diags((1 / length).astype(np.float32)) @ counts @ sp.diags(rarity)).tocsr()


def _regression(inputs: Any, truth: Bools, sources: NDArray[np.str_]) -> tuple[NDArray[np.float32], float]:
    from sklearn.linear_model import LogisticRegression

    # A source counts by the root of its size, so that a large set of one kind does not set the tone alone;
    # positive and negative rows weigh the same.
    weights = np.ones(len(truth))
    for source in set(sources.tolist()):
        weights[sources == source] = 1 / np.sqrt((sources == source).sum())
    weights[truth] *= weights[~truth].sum() / weights[truth].sum()
    weights *= len(weights) / weights.sum()
    found = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=300, random_state=0)
    found.fit(inputs, truth, sample_weight=weights)
    return found.coef_[0].astype(np.float32), float(found.intercept_[0])


def _folds(sources: NDArray[np.str_]) -> NDArray[np.int64]:
    # Of our own messages a whole theme is held out at a time: an inbox is a theme that nobody wrote about.
    fold: NDArray[np.int64] = np.random.default_rng(0).permutation(len(sources)) % FOLDS
    for place, theme in enumerate(sorted({source for source in sources.tolist() if source.startswith(OURS)})):
        fold[sources == theme] = place % FOLDS
    return fold


def _held_out_scores(inputs: Any, truth: Bools, sources: NDArray[np.str_]) -> Floats:
    fold = _folds(sources)
    scores = np.zeros(len(truth))
    for held in range(FOLDS):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        coefficients, bias = _regression(inputs[inside], truth[inside], sources[inside])
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
        # As if the tag were as frequent here as in a usual inbox.
        weights = np.where(so, share / max(so.sum(), 1), (1 - share) / max((~so).sum(), 1)) * len(so)
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
