"""Learns a model from examples: one logistic regression per head, calibrated and cut on rows it had not seen."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedding import available
from classifiers.examples import HEADS, Example
from classifiers.features import FEATURES_VERSION
from classifiers.figures import calibration_error
from classifiers.fit_second import fit_second_look
from classifiers.inputs import Inputs, read_inputs, split_weights
from classifiers.lanes import CurvePoint, Lane, cut_lane, draw_curve, reached
from classifiers.second_look import WIDTH, SecondLook, meaning_inputs
from classifiers.solve import chances
from classifiers.store import Model
from classifiers.tags import LANGUAGES
from classifiers.teach import Lessons, Taught, choose_read, teach
from classifiers.weigh import alike_weights, fold_of, sets_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FOLDS = 4
"""Each holds out some sets whole: thresholds must keep their promise where nothing was learned."""

OFTEN = 2
"""Texts that an n-gram must stand in to be learned."""

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
    grams = inputs.grams()
    met = np.flatnonzero(grams.getnnz(axis=0) >= OFTEN)
    lessons = _lessons(examples, grams[:, met], inputs, say)
    held, other = _held_out(lessons, say)
    say("Learning from all of them")
    taught = teach(lessons, np.ones(len(examples), bool))
    cut = {head: _cut(lessons, examples, held[:, column], column, manifest) for column, head in enumerate(HEADS)}
    weights = np.zeros((grams.shape[1] + lessons.dense.shape[1], len(HEADS)), np.float32)
    weights[np.concatenate([met, np.arange(grams.shape[1], len(weights))])] = taught.student[:-1]
    words, letters, cues, directions = split_weights(weights)
    tables = [
        np.column_stack([table * rarity[:, None], rarity**2])
        for table, rarity in zip((words, letters), inputs.rarity, strict=True)
    ]
    meanings = inputs.meanings.vectors @ directions
    second = _second_look(lessons, examples, taught, cut, held, other, manifest["shares"])
    digest = hashlib.sha256(repr([(example.text, example.said) for example in examples]).encode())
    for array in (*tables, cues, inputs.meanings.known, meanings, *([second.weights] if second else [])):
        digest.update(array.tobytes())
    sources = lessons.sources.tolist()
    model = Model(
        version=f"{FEATURES_VERSION}-{digest.hexdigest()[:10]}",
        heads=HEADS,
        words=tables[0],
        letters=tables[1],
        cues=cues,
        bias=taught.student[-1],
        known=inputs.meanings.known,
        meanings=meanings,
        second=second,
        calibration={head: found.curves for head, found in cut.items()},
        lanes={head: found.lanes for head, found in cut.items()},
        curves={head: found.drawn for head, found in cut.items()},
        shares=manifest["shares"],
        trained_on=dict(sorted(Counter(sources).items())),
    )
    return model, {head: found.figures for head, found in cut.items()}


def _lessons(examples: Sequence[Example], grams: Any, inputs: Inputs, say: Callable[[str], None]) -> Lessons:
    sources = np.array([example.source for example in examples])
    said = np.array([[np.nan if value is None else value for value in example.said] for example in examples], float)
    read = choose_read(sources) if available() else np.empty(0, np.int64)
    meant = np.empty((0, WIDTH), np.float32)
    if len(read):
        say(f"Embedding {len(read)} texts")
        meant = meaning_inputs([examples[row].text for row in read], inputs.turns[read])
    return Lessons(grams, inputs.dense(), said, sources, read, meant)


def _held_out(lessons: Lessons, say: Callable[[str], None]) -> tuple[Floats, Floats]:
    """What the model would have said of each row, and the teacher of each row that it reads, had they not seen it."""
    fold = fold_of(lessons.sources, FOLDS)
    held, other = np.zeros(lessons.said.shape), np.zeros((len(lessons.read), lessons.said.shape[1]))
    for out in range(FOLDS):
        say(f"Learning without part {out + 1} of {FOLDS}")
        taught = teach(lessons, fold != out)
        held[fold == out] = lessons.rows(fold == out).sums(taught.student)
        other[fold[lessons.read] == out] = lessons.meanings(fold == out).sums(taught.teacher)
    return held, other


@dataclass(frozen=True, slots=True)
class _Cut:
    """One head, by language: its curve, thresholds, what each threshold gives, and figures for the card."""

    curves: dict[str, tuple[float, float]] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    drawn: dict[str, list[CurvePoint]] = field(default_factory=dict)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)


def _cut(lessons: Lessons, examples: Sequence[Example], held: Floats, column: int, manifest: dict[str, Any]) -> _Cut:
    said, head = lessons.said[:, column], HEADS[column]
    usable = ~np.isnan(said) & np.array([example.calibrates for example in examples])
    if min((said[usable] == 1).sum(), (said[usable] == 0).sum()) < ENOUGH:
        usable = ~np.isnan(said)
    truth, scores, sets = said[usable] == 1, held[usable], sets_of(lessons.sources, FOLDS)[usable]
    langs = np.array([example.lang for example in examples])[usable]
    found = _Cut()
    for lang in ("*", *LANGUAGES):
        rows = np.ones(len(langs), bool) if lang == "*" else langs == lang
        if lang != "*" and min(truth[rows].sum(), (~truth[rows]).sum()) < ENOUGH:
            rows = np.ones(len(langs), bool)
        these, so = scores[rows], truth[rows]
        weights = alike_weights(so, sets[rows], manifest["shares"][head])
        slope, intercept = found.curves[lang] = _curve(these, so, weights)
        if lang == "*":
            continue
        probable = chances(slope * these + intercept)
        lane = found.lanes[lang] = cut_lane(probable, so, weights, manifest["automatic"][head])
        found.drawn[lang] = draw_curve(probable, so, weights)
        found.figures[lang] = {
            "rows": len(so),
            "positive": int(so.sum()),
            "suggest": reached(probable, so, weights, lane.suggest),
            "automatic": reached(probable, so, weights, lane.automatic),
            "calibration_error": calibration_error(probable, so, weights),
        }
    return found


def _second_look(
    lessons: Lessons,
    examples: Sequence[Example],
    taught: Taught,
    cut: Mapping[str, _Cut],
    held: Floats,
    other: Floats,
    shares: dict[str, float],
) -> SecondLook | None:
    if not len(lessons.read):
        return None
    asked = [examples[row] for row in lessons.read]
    curves = np.array([[found.curves.get(one.lang, found.curves["*"]) for found in cut.values()] for one in asked])
    own = curves[:, :, 0] * held[lessons.read] + curves[:, :, 1]
    return fit_second_look(taught.teacher, asked, own, other, shares)


def _curve(scores: Floats, truth: Bools, weights: Floats) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=1e6, solver="lbfgs", max_iter=200).fit(scores[:, None], truth, sample_weight=weights)
    return float(found.coef_[0, 0]), float(found.intercept_[0])
