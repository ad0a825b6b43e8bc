"""Gives an idea to the product team that is to decide about it."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.ideas.find import find_idea
from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.progress import progress
from inbox.ideas.refusal import IdeaRefused
from inbox.live import publish
from inbox.teams.models import ProductTeam, Teammate


def route(session: Session, idea: Idea, team: ProductTeam, *, by: Teammate | None) -> bool:
    """Set the idea's product team; a new idea is under review from then on. False when it was there already.

    Raises IdeaRefused for an archived team and for a merged idea. What goes to the team's trackers is
    tickets/hand_over's to send.
    """
    find_idea(session, idea.id, lock=True)
    if idea.merged_into_id is not None:
        raise IdeaRefused(N_("This idea was merged; route the one it went into."))
    if idea.product_team_id == team.id:
        return False
    if team.archived_at is not None:
        raise IdeaRefused(N_("This product team is archived."))
    before = idea.product_team_id
    idea.product_team = team
    idea.updated_at = now()
    record(session, "idea.routed", "idea", idea.id, by=by, team=team.id, before=before)
    if idea.state == IdeaState.NEW:
        progress(session, idea, IdeaState.REVIEWING, by=by)
    publish(session, "ideas", idea.id)
    return True
