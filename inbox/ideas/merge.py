"""Joins two ideas that ask for the same thing, and parts them again."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from inbox.activity.models import Activity
from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.database import among
from inbox.ideas.find import find_idea, find_surviving
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.refusal import IdeaRefused
from inbox.ideas.support import support
from inbox.live import publish
from inbox.teams.models import Teammate

MERGED = "idea.merged"


def merge(session: Session, idea: Idea, into: Idea, *, by: Teammate | None) -> Activity:
    """Move the evidence of `idea` to `into`, and leave a signpost. The activity returned is what `unmerge` takes.

    Words that are already evidence of `into` stay where they are. Raises IdeaRefused for an idea that was merged
    before, or that would be merged into itself.
    """
    into = find_surviving(session, into)
    # Always in the order of ids, so that two merges never wait for each other.
    for idea_id in sorted({idea.id, into.id}):
        find_idea(session, idea_id, lock=True)
    if into.id == idea.id:
        raise IdeaRefused(N_("An idea cannot be merged into itself."))
    if idea.merged_into_id is not None or into.merged_into_id is not None:
        raise IdeaRefused(N_("This idea was merged already."))
    there = aliased(Evidence)
    doubled = select(there.id).where(
        there.idea_id == into.id, there.message_id == Evidence.message_id, there.start == Evidence.start
    )
    moving = list(session.scalars(select(Evidence.id).where(Evidence.idea_id == idea.id, ~doubled.exists())))
    _move(session, moving, idea, into)
    idea.merged_into_id = into.id
    idea.updated_at = into.updated_at = now()
    support(session, [idea.id, into.id])
    record(session, "idea.absorbed", "idea", into.id, by=by, idea=idea.id)
    publish(session, "ideas", idea.id, into.id)
    return record(session, MERGED, "idea", idea.id, by=by, into=into.id, evidence=moving)


def unmerge(session: Session, activity: Activity, *, by: Teammate | None) -> Idea:
    """Undo the merge that `activity` tells of: its evidence returns. Raises IdeaRefused when that is no longer possible."""
    idea = find_idea(session, activity.subject_id, lock=True) if activity.verb == MERGED else None
    into = idea and find_idea(session, int(activity.details["into"]), lock=True)
    if idea is None or into is None or idea.merged_into_id != into.id:
        raise IdeaRefused(N_("These ideas are not merged any more."))
    if into.merged_into_id is not None:
        raise IdeaRefused(N_("Part the later merge first."))
    idea.merged_into_id = None
    idea.updated_at = into.updated_at = now()
    session.flush()
    _move(session, activity.details["evidence"], into, idea)
    support(session, [idea.id, into.id])
    record(session, "idea.parted", "idea", idea.id, by=by, from_idea=into.id)
    publish(session, "ideas", idea.id, into.id)
    return idea


def find_merge(session: Session, idea: Idea) -> Activity | None:
    """The activity of the merge that `idea` is in now, or None."""
    if idea.merged_into_id is None:
        return None
    return session.scalars(
        select(Activity)
        .where(Activity.subject_kind == "idea", Activity.subject_id == idea.id, Activity.verb == MERGED)
        .order_by(Activity.id.desc())
        .limit(1)
    ).first()


def _move(session: Session, evidence_ids: list[int], source: Idea, target: Idea) -> None:
    session.execute(
        update(Evidence)
        .where(among(session, Evidence.id, evidence_ids), Evidence.idea_id == source.id)
        .values(idea_id=target.id)
    )
    session.expire(source, ["evidence"])
    session.expire(target, ["evidence"])
