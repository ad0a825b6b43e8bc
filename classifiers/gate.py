"""Whether a challenger may take the champion's place: it must not be worse in any language, and not be taught nonsense.

A difference within the tolerance is no difference. How sure one can be is told by drawing the rows again and again, the
same ones for both (paired bootstrap).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import Example
from classifiers.tagger import Tagger
from classifiers.tags import LANGUAGES, Tag

TOLERANCE = 0.02
"""So much less macro-F1 is not worse: about what seven of 300 messages make."""

FEWEST = 10
"""Rows that a language needs to be judged."""

SURE = 0.9
"""Few rows prove little: the challenger is refused only where it is the weaker one in so many of the drawings."""

IMPLAUSIBLE = 0.05
"""Where two models agree that a tag is less likely than this and a person says that it holds (or the reverse), it is the
person's slip, or something that neither can learn."""

MOST_IMPLAUSIBLE = 0.08
"""Of right corrections 1 to 4 in a hundred are implausible in most domains, of made-up ones every third; with more they are not
learned."""

_DRAWINGS = 1_000

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Macro-F1 of both on `rows` messages; `worse` is the chance that the challenger is the weaker one."""

    rows: int
    champion: float
    challenger: float
    worse: float

    @property
    def is_worse(self) -> bool:
        """Whether the challenger fell by more than the tolerance, and hardly by chance."""
        return self.champion - self.challenger > TOLERANCE and self.worse >= SURE


def compare(champion: Tagger, challenger: Tagger, examples: Sequence[Example]) -> Mapping[str, Comparison]:
    """Both on the same messages, by language."""
    return compare_said(examples, say(champion, examples), say(challenger, examples))


def compare_said(examples: Sequence[Example], champion: Bools, challenger: Bools) -> Mapping[str, Comparison]:
    """Two sets of answers (rows × tags) to the same messages, by language; one with fewer than FEWEST rows is left out."""
    truth = said_tags(examples)
    found = {}
    for lang in LANGUAGES:
        rows = np.flatnonzero([example.lang == lang for example in examples])
        if len(rows) >= FEWEST:
            found[lang] = _compared(truth[rows], champion[rows], challenger[rows])
    return found


def say(tagger: Tagger, examples: Sequence[Example]) -> Bools:
    """The tags that the tagger proposes or sets, rows × tags."""
    answers = tagger.tag([example.text for example in examples], [example.lang for example in examples])
    return np.array([[tag in answer.tags for tag in Tag] for answer in answers], dtype=bool).reshape(-1, len(Tag))


def said_tags(examples: Sequence[Example]) -> Bools:
    """The tags that the examples say, rows × tags."""
    return np.array([example.said[: len(Tag)] for example in examples], dtype=bool).reshape(-1, len(Tag))


def chances_of(tagger: Tagger, examples: Sequence[Example]) -> Floats:
    """The probability of each tag for each example, as the tagger sees it."""
    scores, _ = tagger.scores([example.text for example in examples], [example.lang for example in examples])
    columns = [tagger.heads.index(tag) for tag in Tag]
    found: Floats = 1 / (1 + np.exp(-np.clip(scores[:, columns], -30, 30)))
    return found


def implausible(examples: Sequence[Example], *chances: Floats) -> Bools:
    """Which examples say something that by all of these probabilities (rows × tags) is all but impossible."""
    truth = said_tags(examples)
    likely = np.max([np.where(truth, chance, 1 - chance) for chance in chances], axis=0)
    found: Bools = likely.min(axis=1, initial=1.0) < IMPLAUSIBLE
    return found


def macro_f1(truth: Bools, said: Bools) -> float:
    """The mean F1 of those tags (columns) that occur."""
    return float(_macro(_counts(truth, said).sum(axis=0)[None])[0])


def _compared(truth: Bools, champion: Bools, challenger: Bools) -> Comparison:
    counts = _counts(truth, champion), _counts(truth, challenger)
    size = len(truth)
    drawn = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), size=_DRAWINGS)
    # How often each row was drawn, times what it counts: three numbers per tag and drawing.
    before, after = (_macro(np.tensordot(drawn, each, axes=1)) for each in counts)
    worse = float(((after < before) + (after == before) / 2).mean())
    return Comparison(size, macro_f1(truth, champion), macro_f1(truth, challenger), round(worse, 3))


def _counts(truth: Bools, said: Bools) -> Counts:
    """Rows × tags × (right, said, so)."""
    return np.stack([truth & said, said, truth], axis=-1).astype(np.int64)


def _macro(sums: Counts) -> Floats:
    right, said, so = np.moveaxis(sums, -1, 0)
    f1 = 2 * right / np.maximum(said + so, 1)
    occurs = so > 0
    found: Floats = (f1 * occurs).sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1)
    return found
