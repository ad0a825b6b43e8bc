"""What happened to an idea, newest first."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.ideas.models import Idea


def history(session: Session, idea: Idea, *, limit: int = 50) -> Sequence[Activity]:
    """The latest activities on the idea, in one statement."""
    return session.scalars(
        select(Activity)
        .where(Activity.subject_kind == "idea", Activity.subject_id == idea.id)
        .order_by(Activity.id.desc())
        .limit(limit)
    ).all()
