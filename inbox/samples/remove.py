"""Takes every trace of the sample away in one go: channels with all that came through them, members, ideas."""

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.models import Channel
from inbox.ideas.models import Idea
from inbox.members.models import Identity, Member
from inbox.teams.models import Teammate


def has_samples(session: Session) -> bool:
    """Whether sample data is in the inbox."""
    return bool(session.scalar(select(exists().where(Channel.is_sample))))


def remove_samples(session: Session, *, by: Teammate) -> bool:
    """Delete all sample rows; False when there were none."""
    if not has_samples(session):
        return False
    session.execute(delete(Idea).where(Idea.is_sample))
    members = list(
        session.scalars(
            select(Identity.member_id)
            .join(Channel, Channel.id == Identity.channel_id)
            .where(Channel.is_sample)
            .distinct()
        )
    )
    # The database takes conversations, messages, labels, deliveries and identities along with their channel.
    session.execute(delete(Channel).where(Channel.is_sample))
    without_identity = ~exists().where(Identity.member_id == Member.id)
    session.execute(delete(Member).where(Member.id.in_(members), without_identity))
    session.flush()
    record(session, "samples.removed", "workspace", 1, by=by)
    return True
