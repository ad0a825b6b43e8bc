"""Learns an adapter from corrections: per tag a logistic regression that starts from what the model says.

Every weight has a normal prior around zero, so without corrections nothing changes, and each moves only as far as the
corrections carry it. A language learns from its own corrections and nothing from those in another. Fitted in the space of
the examples (there are fewer of them than words), with numpy alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifiers.adapt import ADAPTED_BITS, Adapter
from classifiers.adapt_inputs import Inputs, read_inputs
from classifiers.examples import Example, seed_examples
from classifiers.store import Model
from classifiers.tags import LANGUAGES, Tag

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST = 1_000
"""The newest corrections that are learned from: time grows with their cube, and old ones speak of an older product."""

CUES, WORDS, LETTERS = 0.7, 1.0, 3.0
"""How far the prior lets each kind of weight go; chosen on sets of the training folder, with a model that had not seen them.
Twice as far learns a little faster there, and forgets what holds elsewhere."""

FOLDS = 5
TRUST = 100
"""As many corrections weigh as much as the model's own threshold."""

FEWEST = 5
"""Corrections of each kind, with the tag and without, that a threshold of one's own needs."""

LOWEST, HIGHEST = 0.2, 0.9
_STEPS, _CLOSE = 50, 1e-6


@dataclass(frozen=True, slots=True)
class Fitted:
    """An adapter for each language of the examples, and what they would have said of each had they not seen it.

    `chances` has a column for each Tag; nan where the example does not say whether the tag holds, or in what language.
    """

    adapters: tuple[Adapter, ...]
    chances: Floats


def fit_adapters(model: Model, examples: Sequence[Example], *, judged: bool = True) -> Fitted:
    """What at most MOST examples teach. The same examples give the same adapters.

    Without being `judged` it takes a quarter of the time; all `chances` are nan then, and the thresholds the model's.
    """
    adapters, chances = [], np.full((len(examples), len(Tag)), np.nan)
    for lang in LANGUAGES:
        rows = [row for row, example in enumerate(examples) if example.lang == lang]
        if rows:
            adapter, chances[rows] = _fit(model, [examples[row] for row in rows], lang, judged)
            adapters.append(adapter)
    return Fitted(tuple(adapters), chances)


def _fit(model: Model, examples: Sequence[Example], lang: str, judged: bool) -> tuple[Adapter, Floats]:
    inputs, usual = read_inputs(model, [example.text for example in examples]), _usual(model, lang)
    near = _near(inputs, usual)
    chances, changes, suggest = np.full((len(examples), len(Tag)), np.nan), [], {}
    for column, head in enumerate(Tag):
        slope, intercept = model.calibration[head].get(lang, model.calibration[head]["*"])
        start = slope * inputs.scores[:, model.heads.index(head)] + intercept
        known = np.flatnonzero([example.said[column] is not None for example in examples])
        truth = np.array([bool(examples[int(row)].said[column]) for row in known], dtype=bool)
        among = near[np.ix_(known, known)]
        of_rows = np.zeros(len(examples))
        of_rows[known] = solve(among, start[known], truth)
        # What was learned in log-odds becomes weights of the score that the model's curve stretches.
        changes.append(_weights(inputs, usual, of_rows) / slope)
        if judged:
            chances[known, column] = _held_out(among, start[known], truth)
        if judged and min(truth.sum(), (~truth).sum()) >= FEWEST:
            suggest[head.value] = _threshold(chances[known, column], truth, model.lanes[head][lang].suggest)
    weights = np.column_stack(changes).astype(np.float16).astype(np.float32)
    start_row, cues, words, letters = np.split(weights, np.cumsum([1, inputs.cues.shape[1], 2**ADAPTED_BITS]))
    heads = tuple(tag.value for tag in Tag)
    return Adapter(model.version, lang, heads, words, letters, cues, start_row[0], suggest), chances


def solve(near: Floats, start: Floats, truth: Bools) -> Floats:
    """How much each row speaks for the rows that are `near` it; `start` are log-odds that stand without any of them.

    Newton's method on a convex function; a step that does not lead down is halved.
    """
    found, size, so = np.zeros(len(truth)), len(truth), truth.astype(np.float64)
    cost = _cost(near, start, so, found)
    for _ in range(_STEPS):
        moved = near @ found
        chance = _chance(start + moved)
        certain = np.maximum(chance * (1 - chance), 1e-9)
        root = np.sqrt(certain)
        wanted = certain * moved + so - chance
        inner = np.eye(size) + root[:, None] * near * root
        step = wanted - root * np.linalg.solve(inner, root * (near @ wanted)) - found
        length, before = 1.0, cost
        while (cost := _cost(near, start, so, found + length * step)) > before and length > _CLOSE:
            length /= 2
        found = found + length * step
        if before - cost < _CLOSE * size:
            break
    return found


def _held_out(near: Floats, start: Floats, truth: Bools) -> Floats:
    fold = np.random.default_rng(0).permutation(len(truth)) % FOLDS
    found = _chance(start)
    for held in range(min(FOLDS, len(truth))):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        of_rows = solve(near[np.ix_(inside, inside)], start[inside], truth[inside])
        found[outside] = _chance(start[outside] + near[np.ix_(outside, inside)] @ of_rows)
    return found


@dataclass(frozen=True, slots=True)
class _Usual:
    """The middle of our own messages in a language. From there everything is reckoned, so that on average over them an
    adapter changes nothing: a domain that holds more ideas must not make ideas of messages elsewhere."""

    cues: Floats
    words: Floats
    letters: Floats


@lru_cache(maxsize=4)
def _texts(lang: str) -> tuple[str, ...]:
    return tuple(example.text for example in seed_examples() if example.lang == lang)


def _usual(model: Model, lang: str) -> _Usual:
    own = read_inputs(model, _texts(lang))
    return _Usual(own.cues.mean(axis=0), own.words.mean(), own.letters.mean())


def _near(inputs: Inputs, usual: _Usual) -> Floats:
    cues = inputs.cues - usual.cues
    found: Floats = CUES**2 * cues @ cues.T
    for grams, middle, scale in ((inputs.words, usual.words, WORDS), (inputs.letters, usual.letters, LETTERS)):
        along = grams.along(middle)
        found += scale**2 * (grams.likeness() - along - along[:, None] + middle @ middle)
    return found


def _weights(inputs: Inputs, usual: _Usual, of_rows: Floats) -> Floats:
    cues = CUES**2 * (inputs.cues - usual.cues).T @ of_rows
    words = WORDS**2 * (inputs.words.gather(of_rows) - usual.words * of_rows.sum())
    letters = LETTERS**2 * (inputs.letters.gather(of_rows) - usual.letters * of_rows.sum())
    start = -(cues @ usual.cues + words @ usual.words + letters @ usual.letters)
    return np.concatenate([[start], cues, words, letters])


def _threshold(chances: Floats, truth: Bools, before: float) -> float:
    trust = len(truth) / (len(truth) + TRUST)
    return round(float(np.clip(trust * _balance(chances, truth) + (1 - trust) * before, LOWEST, HIGHEST)), 4)


def _balance(chances: Floats, truth: Bools) -> float:
    """The threshold that tells best both what has the tag and what has not; the middle of those that do equally well."""
    cuts = np.arange(LOWEST, HIGHEST, 0.01)
    said = chances[:, None] >= cuts
    hits, right = (said & truth[:, None]).sum(axis=0), (~said & ~truth[:, None]).sum(axis=0)
    wrong = len(truth) - hits - right
    balance = hits / (2 * hits + wrong) + right / (2 * right + wrong)
    return float(np.median(cuts[balance >= balance.max() - 1e-9]))


def _cost(near: Floats, start: Floats, so: Floats, found: Floats) -> float:
    moved = near @ found
    scores = start + moved
    return float((np.logaddexp(0, scores) - so * scores).sum() + found @ moved / 2)


def _chance(scores: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    return found
