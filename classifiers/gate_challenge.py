"""Makes a challenger from corrections and holds it against the champion: may it serve, and if not, why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from classifiers.adapt_fit import fit_adapters
from classifiers.adapt_store import version_of, write_adapters
from classifiers.adapted import Adapted
from classifiers.examples import Example, frozen_examples
from classifiers.gate import (
    MOST_IMPLAUSIBLE,
    Bools,
    Comparison,
    Floats,
    chances_of,
    compare,
    compare_said,
    implausible,
    say,
)
from classifiers.store import Model
from classifiers.tagger import Tagger
from classifiers.tags import LANGUAGES, Tag

FEWEST = 20
"""Corrections without which nothing is learned."""

LAST = 200
"""The newest corrections, on which the challenger must not be worse."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenger as bytes, and what speaks against it: `reason` is empty where nothing does.

    `figures` are {"frozen" | "corrections": {language: {"rows", "champion", "challenger", "worse"}}, "implausible": count}.
    """

    version: str = ""
    payload: bytes | None = None
    reason: str = ""
    reason_fields: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


def challenge(model: Model, champion: Tagger, examples: Sequence[Example], seen: int) -> Challenge:
    """What the examples make of the model, beside the champion, which has learned from the first `seen` of them.

    On corrections the challenger is asked as a fit that had not seen them. The champion is asked those it had not seen;
    where these are too few the shipped model stands in for it, which has seen none.
    """
    if len(examples) < FEWEST:
        return Challenge(reason="too_few", reason_fields={"examples": len(examples), "needed": FEWEST})
    fitted, shipped = fit_adapters(model, examples), Tagger(model)
    payload = write_adapters(fitted.adapters)
    version = version_of(model.version, payload)
    is_fresh = len(examples) - seen >= FEWEST
    newest = slice(max(seen if is_fresh else 0, len(examples) - LAST), None)
    asked = examples[newest]
    frozen = compare(champion, Adapted(model, fitted.adapters, version), frozen_examples())
    before = say(champion if is_fresh else shipped, asked)
    corrections = compare_said(asked, before, _held_out(model, asked, fitted.chances[newest]))
    strange = int(implausible(examples, chances_of(shipped, examples), fitted.chances).sum())
    figures = {"frozen": _figures(frozen), "corrections": _figures(corrections), "implausible": strange}
    if version == champion.version:
        reason, fields = "nothing_new", {}
    elif strange > MOST_IMPLAUSIBLE * len(examples):
        reason, fields = "implausible", {"examples": len(examples), "implausible": strange}
    else:
        reason, fields = _worse(figures, frozen, corrections)
    return Challenge(version, payload, reason, fields, figures)


def _held_out(model: Model, examples: Sequence[Example], chances: Floats) -> Bools:
    # By the shipped thresholds: those of the challenger were chosen on these very answers.
    lanes = [[model.lanes[tag].get(example.lang) for tag in Tag] for example in examples]
    cuts = np.array([[lane.suggest if lane else np.inf for lane in row] for row in lanes])
    found: Bools = chances >= cuts
    return found


def _worse(
    figures: Mapping[str, Any], frozen: Mapping[str, Comparison], corrections: Mapping[str, Comparison]
) -> tuple[str, dict[str, Any]]:
    for kind, found in (("frozen", frozen), ("corrections", corrections)):
        for lang in LANGUAGES:
            if lang in found and found[lang].is_worse:
                return f"{kind}_worse", {"language": lang, **figures[kind][lang]}
    return "", {}


def _figures(found: Mapping[str, Comparison]) -> dict[str, Any]:
    return {lang: {name: round(value, 4) for name, value in asdict(one).items()} for lang, one in found.items()}
