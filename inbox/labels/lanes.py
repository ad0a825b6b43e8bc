"""Which tags are set, proposed or asked about: probabilities against the thresholds in force, as columns of a statement.

One expression serves new labels (`record`) and moved thresholds (`sort_again`), so that both decide alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.labels.models import LABELS, Tag, Threshold


class LaneName(StrEnum):
    """What is done about a label of a message: set it, propose it, ask a person, or nothing."""

    AUTOMATIC = "automatic"
    SUGGEST = "suggest"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Lane:
    """The thresholds of one label in one language: from `automatic` on it is set, from `suggest` on proposed."""

    automatic: float
    suggest: float

    def of(self, probability: float) -> LaneName:
        """The lane of a message with this probability."""
        if probability >= self.automatic:
            return LaneName.AUTOMATIC
        return LaneName.SUGGEST if probability >= self.suggest else LaneName.ASK


Lanes = Mapping[tuple[Tag, str], Lane]


def find_lanes(session: Session) -> Lanes:
    """The lanes in force, by label and language; empty before a worker has published those of its model."""
    rows = session.execute(sa.select(Threshold.label, Threshold.language, Threshold.automatic, Threshold.suggest))
    return {(Tag(label), language): Lane(automatic, suggest) for label, language, automatic, suggest in rows}


def lane_columns(source: Any, lanes: Lanes) -> dict[str, sa.ColumnElement[Any]]:
    """`primary`, `tags` and `suggested` of labels in `source`, the strongest tag first.

    Where no tag is sure enough to be set, the strongest proposal is the primary one: people look for it there, and
    counts of the surest alone would be far too low. Only a troll is nobody before a person says so. In a language
    without lanes what the classifier itself said holds.
    """
    languages = sorted({language for _, language in lanes})
    if not languages:
        return {"primary": source.primary, "tags": source.tags, "suggested": sa.literal("", sa.String())}
    chance = _chances(source)
    automatic, suggest = reached(source, lanes)
    proposed = {tag: sa.and_(suggest[tag], sa.not_(automatic[tag])) for tag in LABELS}
    doubt = sa.case(
        (sa.or_(proposed[Tag.TROLL], source.is_doubtful), Tag.UNSURE.value), else_=sa.literal(Tag.OTHER.value)
    )
    known = source.language.in_(languages)
    presumed: dict[Tag, Any] = {tag: held for tag, held in proposed.items() if tag != Tag.TROLL}
    primary = _strongest(automatic, chance, _strongest(presumed, chance, doubt))
    return {
        "primary": sa.case((known, primary), else_=source.primary),
        "tags": sa.case((known, _joined(automatic, chance)), else_=source.tags),
        "suggested": sa.case((known, _joined(proposed, chance)), else_=sa.literal("")),
    }


def reached(source: Any, lanes: Lanes) -> tuple[dict[Tag, sa.ColumnElement[bool]], dict[Tag, sa.ColumnElement[bool]]]:
    """Per label whether its probability reaches the threshold for being set, and the one for being proposed."""
    chance = _chances(source)
    automatic = {tag: chance[tag] >= _threshold(source, lanes, tag, lambda lane: lane.automatic) for tag in LABELS}
    suggest = {tag: chance[tag] >= _threshold(source, lanes, tag, lambda lane: lane.suggest) for tag in LABELS}
    return automatic, suggest


def _chances(source: Any) -> dict[Tag, Any]:
    return {tag: getattr(source, tag.value) for tag in LABELS}


def _threshold(source: Any, lanes: Lanes, tag: Tag, of: Callable[[Lane], float]) -> sa.ColumnElement[Any]:
    languages = {language: of(lane) for (label, language), lane in sorted(lanes.items()) if label == tag}
    # A label without a lane in this language never holds: no probability is above one.
    return sa.case(languages, value=source.language, else_=sa.literal(2.0)) if languages else sa.literal(2.0)


def _strongest(held: Mapping[Tag, Any], chance: Mapping[Tag, Any], otherwise: Any) -> sa.ColumnElement[Any]:
    def leads(tag: Tag) -> sa.ColumnElement[bool]:
        rivals = [other for other in held if other != tag]
        return sa.and_(held[tag], *(sa.or_(sa.not_(held[o]), chance[tag] >= chance[o]) for o in rivals))

    return sa.case(*((leads(tag), tag.value) for tag in held), else_=otherwise)


def _joined(held: Mapping[Tag, Any], chance: Mapping[Tag, Any]) -> sa.ColumnElement[Any]:
    first = _strongest(held, chance, sa.literal(""))
    words = first
    for tag in held:
        words = words.concat(sa.case((sa.and_(held[tag], first != tag.value), f" {tag.value}"), else_=sa.literal("")))
    return words
