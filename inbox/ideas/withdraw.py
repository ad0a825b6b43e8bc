"""Takes a quote off an idea again, and with it an idea that nothing else speaks for."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.ideas.models import Evidence, Idea, IdeaState
from inbox.ideas.support import support
from inbox.live import publish
from inbox.teams.models import Teammate


def withdraw(session: Session, evidence: Evidence, *, by: Teammate | None) -> bool:
    """Remove the evidence. Returns whether the idea stays: one that is new, not routed and now without a quote goes too."""
    idea = evidence.idea
    removed = session.execute(
        delete(Evidence).where(Evidence.id == evidence.id).returning(Evidence.id),
        execution_options={"synchronize_session": False},
    ).first()
    session.expunge(evidence)
    session.expire(idea, ["evidence"])
    # Somebody else was faster and has written it down.
    if removed is None:
        return True
    support(session, [idea.id])
    record(session, "idea.withdrawn", "idea", idea.id, by=by, message=evidence.message_id)
    publish(session, "ideas", idea.id)
    if idea.state != IdeaState.NEW or idea.product_team_id or idea.summary or _speaks(session, idea):
        return True
    session.execute(delete(Idea).where(Idea.id == idea.id))
    session.expunge(idea)
    return False


def _speaks(session: Session, idea: Idea) -> bool:
    quotes = select(func.count()).where(Evidence.idea_id == idea.id)
    merged = select(func.count()).where(Idea.merged_into_id == idea.id)
    return bool(session.scalar(quotes) or session.scalar(merged) or idea.merged_into_id)
