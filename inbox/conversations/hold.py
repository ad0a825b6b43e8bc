"""Holds a conversation against other writers until the transaction ends."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Conversation


def hold(session: Session, conversation: Conversation) -> None:
    """Wait for whoever else writes it, and read it anew; on SQLite the transaction has the write lock already."""
    session.flush()
    # Its own statement: a refresh would repeat the outer joins it was loaded with, which PostgreSQL does not lock.
    session.scalars(
        sa.select(Conversation)
        .where(Conversation.id == conversation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
