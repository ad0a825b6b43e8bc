"""Lets members back in whose last ban was for a time that has passed. The platforms do so by themselves."""

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Message
from inbox.database import among
from inbox.members.models import Identity, Member
from inbox.moderation.acts import is_over, select_acts
from inbox.moderation.settle_act import is_shut_out
from inbox.outbox.models import Delivery


def lapse(session: Session) -> int:
    """Unblock them, and say how many there were; two statements."""
    rows = session.execute(
        select_acts()
        .add_columns(Identity.member_id)
        .join(Message, Message.id == Delivery.subject_id)
        .join(Identity, Identity.id == Message.identity_id)
        .join(Member, Member.id == Identity.member_id)
        .where(Member.blocked_at.is_not(None))
    )
    on_member: dict[int, list[Delivery]] = defaultdict(list)
    for delivery, member_id in rows:
        on_member[member_id].append(delivery)
    free = [number for number, done in on_member.items() if any(map(is_over, done)) and not is_shut_out(done)]
    if free:
        session.execute(
            sa.update(Member)
            .where(among(session, Member.id, free))
            .values(blocked_at=None)
            .execution_options(synchronize_session=False)
        )
    return len(free)
