"""Writes down what a classifier said about messages, and in which lane each tag falls. Called by `workers/classify`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.database import given, insert
from inbox.labels.lanes import find_lanes, lane_columns
from inbox.labels.models import LABELS, Label, Tag

NUMBERS = tuple(tag.value for tag in LABELS)
GIVEN = ("message_id", "primary", "tags", *NUMBERS, "language", "model_version", "labelled_at", "is_doubtful")
DECIDED = ("primary", "tags", "suggested")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a classifier said about one message: a probability per label, the primary tag, and all tags that hold."""

    message_id: int
    primary: str
    tags: Sequence[str]
    probabilities: Mapping[str, float]
    language: str = ""


def record(session: Session, answers: Sequence[Answer], model_version: str) -> None:
    """Store the answers over earlier ones, in two statements. Tags that a person chose stay; the rest is the model's.

    Which tags hold and which are proposed is decided by the lanes in force. Raises ValueError for a tag that there is none of.
    """
    if not answers:
        return
    source = given(session, Label, GIVEN, [_row(answer, model_version) for answer in answers])
    said = {name: source.c[name] for name in GIVEN} | lane_columns(source.c, find_lanes(session))
    # WHERE true: without it SQLite takes a following ON CONFLICT for a join condition.
    query = insert(session, Label).from_select(list(said), sa.select(*said.values()).where(sa.true()))
    chosen = Label.corrected_by_id.is_not(None)
    kept = {name: sa.case((chosen, getattr(Label, name)), else_=query.excluded[name]) for name in DECIDED}
    rest = {name: query.excluded[name] for name in GIVEN if name not in ("message_id", *DECIDED)}
    session.execute(query.on_conflict_do_update(index_elements=["message_id"], set_=kept | rest))


def _row(answer: Answer, model_version: str) -> tuple[object, ...]:
    tags = " ".join(Tag(tag).value for tag in answer.tags)
    numbers = (min(max(float(answer.probabilities.get(name, 0.0)), 0.0), 1.0) for name in NUMBERS)
    doubtful = answer.primary != Tag.OTHER
    words = (answer.language[:8], model_version[:60], now(), doubtful)
    return answer.message_id, Tag(answer.primary).value, tags, *numbers, *words
