"""Looks up in the activities since when somebody had been waiting before an act, so that undoing it is exact."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.models import Activity

LOOKED_AT = 50


def recall_waiting(session: Session, conversation_id: int, verb: str, **facts: Any) -> datetime | None:
    """`waiting_since` as the newest activity `verb` of this conversation with these `facts` kept it, or None."""
    newest = session.scalars(
        sa.select(Activity)
        .where(Activity.subject_kind == "conversation", Activity.subject_id == conversation_id, Activity.verb == verb)
        .order_by(Activity.id.desc())
        .limit(LOOKED_AT)
    )
    for activity in newest:
        if all(activity.details.get(name) == value for name, value in facts.items()):
            kept = activity.details.get("waiting_since")
            return datetime.fromisoformat(kept) if kept else None
    return None
