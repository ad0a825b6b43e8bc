"""Which messages a classifier may learn from. Asked by rounds, by the export and by retraining, so that none of them forgets one."""

from typing import TypeVar

import sqlalchemy as sa

from inbox.channels.abilities import kinds_for_training
from inbox.channels.models import Channel
from inbox.conversations.models import Direction, Message
from inbox.members.models import Identity, Member

S = TypeVar("S", bound=sa.Select[*tuple[object, ...]])


def with_author(query: S) -> S:
    """Join channel, identity and member to a query that already selects from messages: what `teachable` speaks of."""
    return (
        query.join(Channel, Channel.id == Message.channel_id)
        .join(Identity, Identity.id == Message.identity_id, isouter=True)
        .join(Member, Member.id == Identity.member_id, isouter=True)
    )


def teachable() -> sa.ColumnElement[bool]:
    """Whether the text may be used, in a query that went through `with_author`.

    Never that of erased members, of deleted messages, of channels whose terms forbid it, nor our own or invented ones.
    """
    return sa.and_(readable(), Channel.kind.in_(kinds_for_training()), Channel.is_sample.is_(False))


def may_teach(channel: Channel) -> bool:
    """Whether a classifier may learn from what is written on this channel."""
    return not channel.is_sample and channel.kind in kinds_for_training()


def readable() -> sa.ColumnElement[bool]:
    """Whether the text is there (terms may have had it erased), from outside, and nobody asked for it to be forgotten."""
    return sa.and_(
        Message.direction == sa.literal_column(f"'{Direction.IN.value}'"),
        Message.deleted_at.is_(None),
        Message.expired_at.is_(None),
        Member.erased_at.is_(None),
    )
