"""Writes down what a classifier said about messages. Called by `workers/classify`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.database import insert_given
from inbox.labels.models import LABELS, Label, Tag

NUMBERS = tuple(tag.value for tag in LABELS)
COLUMNS = ("message_id", "primary", "tags", *NUMBERS, "language", "model_version", "labelled_at")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a classifier said about one message: a probability per label, the primary tag, and all tags that hold."""

    message_id: int
    primary: str
    tags: Sequence[str]
    probabilities: Mapping[str, float]
    language: str = ""


def record(session: Session, answers: Sequence[Answer], model_version: str) -> None:
    """Store the answers in one statement, over earlier ones. Tags that a person chose stay; the rest is the model's.

    Raises ValueError for a tag that there is none of.
    """
    if not answers:
        return
    query = insert_given(session, Label, COLUMNS, [_row(answer, model_version) for answer in answers])
    chosen = Label.corrected_by_id.is_not(None)
    kept = {name: sa.case((chosen, getattr(Label, name)), else_=query.excluded[name]) for name in ("primary", "tags")}
    rest = {name: query.excluded[name] for name in COLUMNS[3:]}
    session.execute(query.on_conflict_do_update(index_elements=["message_id"], set_=kept | rest))


def _row(answer: Answer, model_version: str) -> tuple[object, ...]:
    tags = " ".join(Tag(tag).value for tag in answer.tags)
    numbers = (min(max(float(answer.probabilities.get(name, 0.0)), 0.0), 1.0) for name in NUMBERS)
    return answer.message_id, Tag(answer.primary).value, tags, *numbers, answer.language[:8], model_version[:60], now()
