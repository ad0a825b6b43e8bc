"""What stands beside a thread: who this is across channels, how often they wrote and what about, their other threads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Message
from inbox.labels.models import Label
from inbox.members.models import Identity, Member

SHOWN_IDENTITIES = 20


@dataclass(frozen=True, slots=True)
class Handle:
    """One identity of the member and where it lives."""

    identity: Identity
    channel_name: str
    channel_kind: str


@dataclass(frozen=True, slots=True)
class Context:
    """`said` counts the member's messages by primary tag; "" holds those without one."""

    member: Member | None = None
    handles: Sequence[Handle] = ()
    said: dict[str, int] = field(default_factory=dict)
    others: Sequence[Conversation] = ()

    @property
    def messages(self) -> int:
        """How many messages of the member there are on all channels."""
        return sum(self.said.values())


def context(session: Session, conversation: Conversation, *, limit: int = 5) -> Context:
    """The member who began the conversation, with their `limit` newest other conversations: three statements."""
    member = conversation.member
    if member is None or member.erased_at is not None:
        return Context()
    same = sa.select(Member.id).where(sa.or_(Member.id == member.id, Member.merged_into_id == member.id))
    handles = session.execute(
        sa.select(Identity, Channel.name, Channel.kind)
        .join(Channel, Channel.id == Identity.channel_id)
        .where(Identity.member_id.in_(same))
        .order_by(Identity.id)
        .limit(SHOWN_IDENTITIES)
    ).all()
    ids = [identity.id for identity, _, _ in handles]
    said = session.execute(
        sa.select(sa.func.coalesce(Label.primary, ""), sa.func.count())
        .select_from(Message)
        .join(Label, Label.message_id == Message.id, isouter=True)
        .where(Message.identity_id.in_(ids), Message.deleted_at.is_(None))
        .group_by(Label.primary)
    ).all()
    others = session.scalars(
        sa.select(Conversation)
        .where(Conversation.member_id.in_(same), Conversation.id != conversation.id)
        .order_by(Conversation.last_message_at.desc())
        .limit(limit)
    ).all()
    return Context(member, [Handle(*row) for row in handles], {row[0]: row[1] for row in said}, others)
