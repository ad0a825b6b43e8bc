"""Tells the web what a worker's model can: its thresholds per label and language, and what each had given on held-out texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.database import insert_given
from inbox.labels.models import Tag, Threshold

GIVEN = ("label", "language", "automatic", "suggest", "model_automatic", "model_suggest", "model_version", "curve")


@dataclass(frozen=True, slots=True)
class Published:
    """The model's lane of one label in one language; `curve` is rising [threshold, precision, recall, share].

    From a threshold of 1 on the lane is closed.
    """

    label: str
    language: str
    automatic: float
    suggest: float
    curve: Sequence[Sequence[float]]


def is_published(session: Session, model_version: str) -> bool:
    """Whether the thresholds in force are those of this model, or were moved since it came."""
    return session.scalar(sa.select(Threshold.model_version).limit(1)) == model_version


def publish_lanes(session: Session, model_version: str, lanes: Iterable[Published]) -> None:
    """Let the model's thresholds be in force, in one statement, except those that the team has moved: these stay."""
    rows = [
        (
            Tag(lane.label).value,
            lane.language,
            *(min(lane.automatic, 1.0), min(lane.suggest, 1.0)) * 2,
            model_version[:60],
            [list(point) for point in lane.curve],
        )
        for lane in lanes
    ]
    if not rows:
        return
    query = insert_given(session, Threshold, GIVEN, sorted(rows, key=lambda row: (str(row[0]), str(row[1]))))
    moved = Threshold.moved_at.is_not(None)
    kept: dict[str, Any] = {
        name: sa.case((moved, getattr(Threshold, name)), else_=query.excluded[name])
        for name in ("automatic", "suggest")
    }
    new = {name: query.excluded[name] for name in GIVEN[4:]}
    session.execute(query.on_conflict_do_update(index_elements=["label", "language"], set_=kept | new))
