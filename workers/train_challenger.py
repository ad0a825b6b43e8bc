"""One training, from corrections to a verdict: run by `trellis retrain` in a process of its own."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from classifiers.adapt_fit import MOST, fit_adapters
from classifiers.adapt_store import version_of, write_adapters
from classifiers.examples import HEADS, Example, frozen_examples
from classifiers.gate import MOST_IMPLAUSIBLE, Comparison, compare, compare_said, implausible, say
from classifiers.gate_teachers import Contradicting, chances_of, find_contradicting
from classifiers.store import Model as Weights
from classifiers.tagger import Tagger
from classifiers.tags import OTHER, Tag
from inbox.database import Database
from inbox.training.contradict import Found
from inbox.training.find_champion import find_champion
from inbox.training.lessons import Lesson, lessons
from inbox.training.settle_training import Outcome
from workers.champion import champion, shipped, with_learned

FEWEST = 20
"""Corrections without which nothing is learned."""

LAST = 200
"""The newest corrections, on which the challenger must not be worse."""

STEPS = 4
SHOWN = 5


def train_challenger(
    database: Database, decided: dict[int, bool], advance: Callable[[int], None]
) -> tuple[Outcome, list[Found]]:
    """What the corrections teach, whether it may serve, and who contradicts everybody else.

    `decided` says of teammates whether a person wants theirs used; `advance` is told each of STEPS as it is done.
    """
    model, serving = shipped(), champion(database)
    with database.reading() as session:
        found = lessons(session, most=MOST)
        now_serving = find_champion(session)
        seen = int(now_serving.figures.get("until", 0)) if now_serving else 0
    advance(1)
    examples = [_example(lesson) for lesson in found]
    contradicting = find_contradicting(model, examples)
    doubted = {int(one.source) for one in contradicting} - {mate for mate, used in decided.items() if used}
    left_out = doubted | {mate for mate, used in decided.items() if not used}
    kept = [place for place, lesson in enumerate(found) if lesson.teammate_id not in left_out]
    told = [_found(one, found, examples, model) for one in contradicting]
    used, learned = [found[place] for place in kept], [examples[place] for place in kept]
    advance(2)
    if len(used) < FEWEST:
        fields = {"examples": len(used), "needed": FEWEST}
        return Outcome(model.version, examples=len(used), reason="too_few", reason_fields=fields), told
    fitted = fit_adapters(model, learned)
    payload = write_adapters(fitted.adapters)
    advance(3)
    newest = [place for place, lesson in enumerate(used) if lesson.correction_id > seen]
    rival = serving
    if len(newest) < FEWEST:
        # The champion has learned from these: it would be asked what it was told. The shipped model was not.
        newest, rival = list(range(len(used))), Tagger(model)
    outcome = _judge(model, serving, rival, learned, newest[-LAST:], fitted.chances, with_learned(payload))
    figures = {**outcome[0], "until": used[-1].correction_id}
    advance(4)
    made = (version_of(model.version, payload), payload, len(used), figures, *outcome[1:])
    return Outcome(model.version, *made), told


def _judge(
    model: Weights,
    serving: Tagger,
    rival: Tagger,
    learned: Sequence[Example],
    newest: Sequence[int],
    fitted: Any,
    challenger: Tagger,
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    frozen = compare(serving, challenger, frozen_examples())
    asked = [learned[place] for place in newest]
    chances = fitted[list(newest)]
    held_out = chances >= _thresholds(model, asked)
    corrections = compare_said(asked, say(rival, asked), held_out)
    strange = implausible(learned, chances_of(Tagger(model), learned), fitted)
    figures = {"frozen": _figures(frozen), "corrections": _figures(corrections), "implausible": int(strange.sum())}
    if challenger.version == serving.version:
        return figures, "nothing_new", {}
    if strange.mean() > MOST_IMPLAUSIBLE:
        return figures, "implausible", {"examples": len(learned), "implausible": int(strange.sum())}
    for reason, comparisons in (("frozen_worse", frozen), ("corrections_worse", corrections)):
        for lang, comparison in comparisons.items():
            if comparison.is_worse:
                return figures, reason, {"language": lang, **_figures(comparisons)[lang]}
    return figures, "", {}


def _figures(comparisons: Any) -> dict[str, Any]:
    def rounded(one: Comparison) -> dict[str, Any]:
        numbers = {"champion": one.champion, "challenger": one.challenger, "worse": one.worse}
        return {"rows": one.rows, **{name: round(value, 4) for name, value in numbers.items()}}

    return {lang: rounded(one) for lang, one in comparisons.items()}


def _thresholds(model: Weights, asked: Sequence[Example]) -> Any:
    return np.array([[model.lanes[tag].get(one.lang, model.lanes[tag]["en"]).suggest for tag in Tag] for one in asked])


def _example(lesson: Lesson) -> Example:
    tags = lesson.tags.split()
    said = tuple(head in tags if head in set(Tag) else None for head in HEADS)
    return Example(lesson.text, lesson.language, said, str(lesson.teammate_id or 0))


def _found(one: Contradicting, found: Sequence[Lesson], examples: Sequence[Example], model: Weights) -> Found:
    shown = list(one.places[-SHOWN:])
    others = Tagger(model).tag([examples[place].text for place in shown], [examples[place].lang for place in shown])
    return Found(
        int(one.source),
        one.rows,
        len(one.places),
        [
            {
                "message_id": found[place].message_id,
                "theirs": found[place].tags or OTHER,
                "others": " ".join(answer.tags) or OTHER,
            }
            for place, answer in zip(shown, others, strict=True)
        ],
    )
