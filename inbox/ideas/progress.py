"""Moves an idea along the board."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.ideas.find import find_idea
from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.refusal import IdeaRefused
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.text import one_line

# What ships has been looked at before, and what has shipped is not declined; every other step can be taken and taken back.
REFUSED = ({IdeaState.NEW, IdeaState.SHIPPED}, {IdeaState.SHIPPED, IdeaState.DECLINED})
NEXT: dict[IdeaState, tuple[IdeaState, ...]] = {
    before: tuple(after for after in IdeaState if after != before and {before, after} not in REFUSED)
    for before in IdeaState
}


def progress(
    session: Session, idea: Idea, state: IdeaState, *, by: Teammate | None, reason: str = "", **because: str | int
) -> bool:
    """Put the idea into `state`; False when it is there already. `because` is kept in the history.

    Raises IdeaRefused for a step that NEXT does not list, and for an idea that was merged.
    """
    find_idea(session, idea.id, lock=True)
    before = idea.state
    if before == state:
        return False
    if idea.merged_into_id is not None:
        raise IdeaRefused(N_("This idea was merged; move the one it went into."))
    if state not in NEXT[IdeaState(before)]:
        raise IdeaRefused(N_("An idea cannot take this step from where it is."))
    idea.state = state
    idea.state_changed_at = idea.updated_at = now()
    details = {**because, "reason": one_line(reason, 500)} if reason.strip() else because
    record(session, "idea.moved", "idea", idea.id, by=by, before=before, after=state, **details)
    publish(session, "ideas", idea.id)
    return True
