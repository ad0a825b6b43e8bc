"""What the database knows already of the ids in a batch. Called by ingest, which holds the channel's row meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Tombstone
from inbox.conversations.models import Conversation, Direction, Message
from inbox.database import among, among_later, is_sqlite, packed_values
from inbox.members.models import Identity
from inbox.outbox.models import Delivery


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message that is stored."""

    id: int
    conversation_id: int
    text: str
    direction: str
    author_id: str | None
    delivery_id: int | None
    edited_at: datetime | None
    deleted_at: datetime | None
    told_at: datetime | None
    hidden_at: datetime | None
    expired_at: datetime | None
    visibility: str
    metrics: dict[str, int]


@dataclass(frozen=True, slots=True)
class Known:
    """Stored messages by external id, answers of ours that left under an id (message id, conversation id), and ids
    deleted before they were ever seen, with when that was and when we were told."""

    messages: dict[str, KnownMessage]
    answers: dict[str, tuple[int, int]]
    tombstones: dict[str, tuple[datetime, datetime | None]]


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


def find_known(session: Session, channel_id: int, ids: set[str], relatives: set[str]) -> Known:
    """What is known of `ids`, in three statements; of `relatives` (parents and threads) only stored messages are."""
    sqlite = is_sqlite(session)
    messages, answers, tombstones = _statements(sqlite)
    own = {"channel_id": channel_id, "ids": packed_values(sqlite, Message.external_id, ids)}
    all_of_them = own | {"ids": packed_values(sqlite, Message.external_id, ids | relatives)}
    return Known(
        messages={key: KnownMessage(*rest) for key, *rest in session.execute(messages, all_of_them)},
        answers={key: (number, home) for key, number, home in session.execute(answers, all_of_them) if key},
        tombstones={key: (deleted_at, told_at) for key, deleted_at, told_at in session.execute(tombstones, own)},
    )


@lru_cache(maxsize=2)
def _statements(sqlite: bool) -> tuple[Any, Any, Any]:
    """Stored messages, answers of ours, tombstones. Building them takes longer than asking them, so they are kept."""
    channel_id, ids = sa.bindparam("channel_id", type_=sa.BigInteger()), sa.bindparam("ids", type_=sa.Text())
    columns: tuple[Any, ...]
    columns = (Message.id, Message.conversation_id, Message.text, Message.direction, Identity.external_id)
    columns += (Message.delivery_id, Message.edited_at, Message.deleted_at, Message.told_at)
    columns += (Message.hidden_at, Message.expired_at, Message.visibility, Message.metrics)
    messages = (
        sa.select(Message.external_id, *columns)
        .outerjoin(Identity, Identity.id == Message.identity_id)
        .where(Message.channel_id == channel_id, among_later(sqlite, Message.external_id, ids))
    )
    answers = (
        sa.select(Delivery.external_id, Message.id, Message.conversation_id)
        .join(Message, Message.delivery_id == Delivery.id)
        .where(
            Delivery.channel_id == channel_id,
            among_later(sqlite, Delivery.external_id, ids),
            Message.external_id.is_(None),
        )
    )
    tombstones = sa.select(Tombstone.external_id, Tombstone.deleted_at, Tombstone.told_at).where(
        Tombstone.channel_id == channel_id, among_later(sqlite, Tombstone.external_id, ids)
    )
    return messages, answers, tombstones


def find_conversations(
    session: Session, channel_id: int, threads: Iterable[str], ids: Iterable[int]
) -> dict[int, KnownConversation]:
    """The stored conversations of these threads and ids, by id, locked in the order of their ids, in one statement."""
    C = Conversation  # noqa: N806
    columns: list[Any] = [C.id, C.external_id, C.subject, C.state, C.waiting_since]
    columns += [C.last_message_at, C.message_count, C.version, C.member_id]
    of_threads = sa.and_(C.channel_id == channel_id, among(session, C.external_id, threads))
    query = sa.select(*columns).where(sa.or_(of_threads, among(session, C.id, ids))).order_by(C.id)
    return {row.id: KnownConversation(*row) for row in session.execute(query.with_for_update())}


def is_answer_of_ours(known: KnownMessage) -> bool:
    """Whether it left through our outbox: then our text is the truth, and a platform's rendering of it is no edit."""
    return known.direction == Direction.OUT and known.delivery_id is not None


def is_same_author(one: str | None, other: str | None) -> bool:
    """Whether they may be the same. Ids of mail are chosen by whoever sends it, and nobody edits another's words."""
    return one is None or other is None or one == other
