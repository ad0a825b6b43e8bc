"""Counts who stands behind ideas: distinct people, not messages, and nobody of ours."""

from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from inbox.conversations.models import Message
from inbox.database import among, given
from inbox.ideas.models import Evidence, Idea
from inbox.members.models import Identity, Member


def support(session: Session, idea_ids: Collection[int]) -> dict[int, int]:
    """Recount and store `Idea.people` for these ideas, in two statements however many they are.

    A member counts once, under whoever they were merged into. Deleted messages, our own accounts and blocked members
    count for nobody; neither does a quote whose author is not known. Returns the people by idea id.
    """
    if not idea_ids:
        return {}
    session.flush()
    spoke = (
        select(Evidence.idea_id, Evidence.member_id.label("member_id"))
        .join(Message, Message.id == Evidence.message_id)
        .outerjoin(Identity, Identity.id == Message.identity_id)
        .where(
            among(session, Evidence.idea_id, idea_ids),
            Evidence.member_id.is_not(None),
            Message.deleted_at.is_(None),
            func.coalesce(Identity.is_us, False).is_(False),
        )
    )
    # UNION drops repeats, so that even a circle of merges comes to an end.
    walk = spoke.cte("walk", recursive=True)
    walk = walk.union(
        select(walk.c.idea_id, Member.merged_into_id)
        .join(Member, Member.id == walk.c.member_id)
        .where(Member.merged_into_id.is_not(None))
    )
    counts = (
        select(walk.c.idea_id, func.count(walk.c.member_id.distinct()))
        .join(Member, Member.id == walk.c.member_id)
        .where(Member.merged_into_id.is_(None), Member.blocked_at.is_(None))
        .group_by(walk.c.idea_id)
    )
    found: dict[int, int] = dict(session.execute(counts).all())
    people = {idea_id: found.get(idea_id, 0) for idea_id in idea_ids}
    counted = given(session, Idea, ("id", "people"), people.items())
    session.execute(
        update(Idea)
        .where(Idea.id == counted.c.id)
        .values(people=counted.c.people)
        .execution_options(synchronize_session=False)
    )
    for known in session.identity_map.values():
        if isinstance(known, Idea) and known.id in people:
            set_committed_value(known, "people", people[known.id])
    return people
