"""Puts stored labels into the lanes that are in force now. What a person said stays."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.labels.lanes import find_lanes, lane_columns
from inbox.labels.models import Label


def sort_again(session: Session, *among: sa.ColumnElement[bool]) -> list[int]:
    """Decide anew, by the probabilities that are stored, in two statements; ids of the messages whose tags changed.

    `among` narrows the labels. Languages without lanes keep what the classifier itself said.
    """
    lanes = find_lanes(session)
    if not lanes:
        return []
    languages = sorted({language for _, language in lanes})
    decided = lane_columns(Label, lanes)
    changes: list[sa.ColumnElement[Any]] = [getattr(Label, name) != column for name, column in decided.items()]
    changed = session.scalars(
        sa.update(Label)
        .where(Label.corrected_by_id.is_(None), Label.language.in_(languages), sa.or_(*changes), *among)
        .values(decided)
        .returning(Label.message_id)
        .execution_options(synchronize_session=False)
    )
    return list(changed)
