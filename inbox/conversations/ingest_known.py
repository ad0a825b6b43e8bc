"""What the database knows already of the ids in a batch. Called by ingest, which holds the channel's row meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Tombstone
from inbox.conversations.models import Conversation, Direction, Message
from inbox.database import among
from inbox.outbox.models import Delivery


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message that is stored."""

    id: int
    conversation_id: int
    text: str
    direction: str
    delivery_id: int | None
    edited_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """Stored messages by external id, answers of ours that left under an id (message id, conversation id), and ids
    deleted before they were ever seen."""

    messages: dict[str, KnownMessage]
    answers: dict[str, tuple[int, int]]
    tombstones: set[str]


@dataclass(frozen=True, slots=True)
class KnownConversation:
    """A stored conversation, as far as new messages change it."""

    id: int
    external_id: str
    subject: str
    state: str
    waiting_since: datetime | None
    last_message_at: datetime
    message_count: int
    version: int
    member_id: int | None


@dataclass(frozen=True, slots=True)
class KnownConversations:
    """Stored conversations by thread and by id."""

    by_thread: dict[str, KnownConversation] = field(default_factory=dict)
    by_id: dict[int, KnownConversation] = field(default_factory=dict)


def find_known(session: Session, channel_id: int, ids: set[str], relatives: set[str]) -> Known:
    """What is known of `ids`, in three statements; of `relatives` (parents and threads) only stored messages are."""
    columns = (Message.id, Message.conversation_id, Message.text, Message.direction, Message.delivery_id)
    messages = session.execute(
        sa.select(Message.external_id, *columns, Message.edited_at, Message.deleted_at).where(
            Message.channel_id == channel_id, among(session, Message.external_id, ids | relatives)
        )
    )
    answers = session.execute(
        sa.select(Delivery.external_id, Message.id, Message.conversation_id)
        .join(Message, Message.delivery_id == Delivery.id)
        .where(
            Delivery.channel_id == channel_id,
            among(session, Delivery.external_id, ids | relatives),
            Message.external_id.is_(None),
        )
    )
    tombstones = session.scalars(
        sa.select(Tombstone.external_id).where(
            Tombstone.channel_id == channel_id, among(session, Tombstone.external_id, ids)
        )
    )
    return Known(
        messages={key: KnownMessage(*rest) for key, *rest in messages},
        answers={key: (message_id, conversation_id) for key, message_id, conversation_id in answers if key},
        tombstones=set(tombstones),
    )


def find_conversations(
    session: Session, channel_id: int, threads: Iterable[str], ids: Iterable[int]
) -> KnownConversations:
    """The stored conversations of these threads and ids, locked in the order of their ids, in one statement."""
    C = Conversation  # noqa: N806
    columns: tuple[Any, ...] = (C.id, C.external_id, C.subject, C.state, C.waiting_since)
    found = session.execute(
        sa.select(*columns, C.last_message_at, C.message_count, C.version, C.member_id)
        .where(
            sa.or_(
                sa.and_(C.channel_id == channel_id, among(session, C.external_id, threads)), among(session, C.id, ids)
            )
        )
        .order_by(C.id)
        .with_for_update()
    )
    known = KnownConversations()
    for row in found:
        conversation = KnownConversation(*row)
        known.by_id[conversation.id] = conversation
        known.by_thread[conversation.external_id] = conversation
    return known


def is_answer_of_ours(known: KnownMessage) -> bool:
    """Whether it left through our outbox: then our text is the truth, and a platform's rendering of it is no edit."""
    return known.direction == Direction.OUT and known.delivery_id is not None
