"""Writes down who did what, in the transaction in which it was done."""

from typing import Any, Protocol

from sqlalchemy.orm import Session

from inbox.activity.models import Activity


class Actor(Protocol):
    """Whoever acts: a teammate."""

    id: int
    name: str


def record(
    session: Session, verb: str, subject_kind: str, subject_id: int, *, by: Actor | None = None, **details: Any
) -> Activity:
    """Add one activity; `details` are small JSON facts (ids, states), never message text."""
    activity = Activity(
        verb=verb,
        subject_kind=subject_kind,
        subject_id=subject_id,
        actor_id=by.id if by else None,
        actor_name=by.name if by else "",
        details=details,
    )
    session.add(activity)
    session.flush()
    return activity
