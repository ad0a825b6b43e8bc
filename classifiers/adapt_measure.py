"""How much an inbox teaches: macro-F1 on a labelled set before and after some of its rows were corrections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.adapt_fit import fit_adapters
from classifiers.adapted import Adapted
from classifiers.examples import HEADS, Example
from classifiers.figures import both_sides_f1, mean
from classifiers.store import Model
from classifiers.tags import Tag

AFTER = (0, 50, 200)
SEEDS = 5
MOST_ROWS = 1_200
_FEWEST = 40


@dataclass(frozen=True, slots=True)
class Rise:
    """Mean macro-F1 of one tag on one set, over SEEDS drawings, after each number of corrections of AFTER."""

    tag: str
    name: str
    macro_f1: tuple[float, ...]


def measure_adapting(model: Model, sets: Mapping[str, Sequence[Example]]) -> list[Rise]:
    """Every tag on every set that speaks of it often enough. Rows drawn as corrections are never measured on."""
    found = []
    for name, examples in sets.items():
        for tag in Tag:
            known = [example for example in examples if example.said[HEADS.index(tag)] is not None]
            truth = [bool(example.said[HEADS.index(tag)]) for example in known]
            if min(sum(truth), len(truth) - sum(truth)) >= _FEWEST:
                runs = [_run(model, tag, known, seed) for seed in range(SEEDS)]
                found.append(Rise(tag.value, name, tuple(map(mean, zip(*runs, strict=True)))))
    return found


def rise_section(risen: Sequence[Rise]) -> Iterator[str]:
    """The lines of the model card about what corrections do; none where nothing was measured."""
    if not risen:
        return
    yield from (
        "",
        "## What corrections teach",
        "",
        "Macro-F1 (of having a tag and of not having it) at the suggest threshold, before and after some rows of a set were",
        f"corrections, measured on its other rows; mean of {SEEDS} drawings. The strength of the adapter was chosen on sets of the training",
        "folder, with a model that had not learned from them.",
        "",
        "| tag | set |" + "".join(f" {number} corrections |" for number in AFTER),
        "| --- | --- |" + " ---: |" * len(AFTER),
    )
    for row in sorted(risen, key=lambda row: (row.tag, row.name)):
        yield f"| {row.tag} | {row.name} |" + "".join(f" {value:.3f} |" for value in row.macro_f1)
    means = [mean([row.macro_f1[column] for row in risen]) for column in range(len(AFTER))]
    yield f"| **mean of {len(risen)}** | |" + "".join(f" **{value:.3f}** |" for value in means)


def _run(model: Model, tag: Tag, known: Sequence[Example], seed: int) -> list[float]:
    order = np.random.default_rng(seed).permutation(len(known))
    rows = [known[int(row)] for row in order[:MOST_ROWS]]
    taught, asked = rows[: max(AFTER)], rows[max(AFTER) :]
    truth = np.array([bool(example.said[HEADS.index(tag)]) for example in asked], dtype=bool)
    found = []
    for number in AFTER:
        fitted = fit_adapters(model, [_only(example, tag) for example in taught[:number]])
        answers = Adapted(model, fitted.adapters, model.version).tag(
            [example.text for example in asked], [example.lang for example in asked]
        )
        found.append(both_sides_f1(np.array([tag in answer.tags for answer in answers], dtype=bool), truth))
    return found


def _only(example: Example, tag: Tag) -> Example:
    column = HEADS.index(tag)
    said = tuple(value if place == column else None for place, value in enumerate(example.said))
    return Example(example.text, example.lang, said, example.source)
