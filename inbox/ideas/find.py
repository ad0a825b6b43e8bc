"""Finds one idea, and follows where merged ones went."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from inbox.ideas.models import Idea

LONGEST_CHAIN = 50


def find_idea(session: Session, idea_id: int, *, lock: bool = False) -> Idea | None:
    """The idea with its product team, or None. `lock` holds it against other writers until the transaction ends."""
    query = select(Idea).where(Idea.id == idea_id).options(joinedload(Idea.product_team))
    if lock:
        query = query.with_for_update(of=Idea).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def find_surviving(session: Session, idea: Idea, *, lock: bool = False) -> Idea:
    """The idea that this one was merged into, at the end of the chain; itself when it was not merged."""
    found = idea
    for _ in range(LONGEST_CHAIN):
        # Only the last of the chain is held: whoever holds one idea and asks for another may meet a merge coming back.
        held = find_idea(session, found.id, lock=lock and found.merged_into_id is None) or found
        following = held.merged_into_id and find_idea(session, held.merged_into_id)
        if not following:
            return held
        found = following
    return found


def find_absorbed(session: Session, idea: Idea) -> Sequence[Idea]:
    """The ideas that were merged into this one directly."""
    return session.scalars(select(Idea).where(Idea.merged_into_id == idea.id).order_by(Idea.id)).all()
