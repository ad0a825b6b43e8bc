"""Ingests for tests, and looks up what came of it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel
from inbox.connectors.contract import IncomingMessage
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from tests.incoming import batch_of


def take(session: Session, channel: Channel, *messages: IncomingMessage, **fields: Any) -> Counts:
    """Ingest these messages as one batch."""
    counts = ingest(session, channel, "mentions", batch_of(*messages, **fields))
    session.expire_all()
    assert counts.balances
    return counts


def one(session: Session, key: str = "1") -> Message:
    """The message with this id."""
    return session.scalars(sa.select(Message).where(Message.external_id == key)).one()


def thread(session: Session, key: str = "1") -> Conversation:
    """The conversation of this thread."""
    return session.scalars(sa.select(Conversation).where(Conversation.external_id == key)).one()


def number(session: Session, table: Any) -> int:
    """How many rows the table has."""
    return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
