"""Which sentences of some messages already speak for an idea, so that a thread can show them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from inbox.ideas.models import Evidence, Idea, IdeaState


@dataclass(frozen=True, slots=True)
class Linked:
    """A piece of evidence: characters `start` to `end` of the message, and the idea it speaks for now."""

    message_id: int
    start: int
    end: int
    idea_id: int
    title: str
    state: IdeaState
    people: int


def linked(session: Session, message_ids: Collection[int]) -> list[Linked]:
    """The evidence in these messages, in the order of the text, in one statement. A merged idea shows the one it went into."""
    if not message_ids:
        return []
    into = aliased(Idea)
    shown = [func.coalesce(getattr(into, name), getattr(Idea, name)) for name in ("id", "title", "state", "people")]
    rows = session.execute(
        select(Evidence.message_id, Evidence.start, Evidence.end, *shown)
        .join(Idea, Idea.id == Evidence.idea_id)
        .outerjoin(into, into.id == Idea.merged_into_id)
        .where(Evidence.message_id.in_(message_ids))
        .order_by(Evidence.message_id, Evidence.start, Evidence.id)
    )
    return [Linked(*row) for row in rows]
