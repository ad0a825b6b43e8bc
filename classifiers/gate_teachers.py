"""Finds who teaches the opposite of what everybody else teaches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.adapt_fit import fit_adapters
from classifiers.adapted import Adapted
from classifiers.examples import Example
from classifiers.gate import MOST_IMPLAUSIBLE, chances_of, implausible
from classifiers.store import Model
from classifiers.tagger import Tagger

FEWEST, FEWEST_OTHERS = 10, 20
"""Examples of one teacher, and of all others, without which nobody can be said to contradict anybody."""

USUAL = 0.05
"""The share of implausible examples that right-minded teachers have."""

BEYOND_CHANCE = 2.33
"""In standard deviations: one in a hundred right-minded teachers is that unlucky."""


@dataclass(frozen=True, slots=True)
class Contradicting:
    """Of `rows` examples of the teacher `source` those at `places` say what, by the model and by all others, cannot be."""

    source: str
    rows: int
    places: tuple[int, ...]


def find_contradicting(
    model: Model, examples: Sequence[Example], advance: Callable[[], object] = bool
) -> list[Contradicting]:
    """Every teacher (`source` of the examples) who contradicts all others, in the order of their names.

    `advance` is called before each of them, who takes seconds.
    """
    sources = np.array([example.source for example in examples])
    found = []
    for source in sorted(set(sources.tolist())):
        theirs = np.flatnonzero(sources == source)
        others = [example for example in examples if example.source != source]
        if len(theirs) < FEWEST or len(others) < FEWEST_OTHERS:
            continue
        advance()
        taught = Adapted(model, fit_adapters(model, others, judged=False).adapters, model.version)
        asked = [examples[int(place)] for place in theirs]
        wrong = theirs[implausible(asked, chances_of(Tagger(model), asked), chances_of(taught, asked))]
        if len(wrong) > MOST_IMPLAUSIBLE * len(theirs) and _beyond_chance(len(wrong), len(theirs)):
            found.append(Contradicting(source, len(theirs), tuple(map(int, wrong))))
    return found


def _beyond_chance(wrong: int, rows: int) -> bool:
    return bool((wrong - USUAL * rows) / np.sqrt(rows * USUAL * (1 - USUAL)) > BEYOND_CHANCE)
