"""Lets another model serve, and what waits be read again by it."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Conversation, Direction, Message
from inbox.jobs import Job, after_commit
from inbox.labels.models import Label
from inbox.live import publish
from inbox.training.find_champion import find_champion
from inbox.training.models import Model, ModelState

READ_AGAIN = timedelta(days=14)
"""Messages labelled longer ago keep their tags: people have seen them, and lists should not change under their eyes."""


def promote(session: Session, model: Model) -> None:
    """Make the model champion; the one before is kept. Messages that wait for an answer are labelled anew."""
    champion = find_champion(session, locked=True)
    if champion is not None:
        champion.state = ModelState.FORMER
        # At most one row may say champion, also between two statements.
        session.flush()
    model.state = ModelState.CHAMPION
    model.serving_since = now()
    session.flush()
    if champion is not None:
        _read_again(session)
    publish(session, "models", model.id)


def _read_again(session: Session) -> None:
    # Conversations before their messages, in the order of their ids, as every writer does.
    held = sa.select(Conversation.id).where(Conversation.waiting_since.is_not(None))
    session.execute(held.order_by(Conversation.id).with_for_update())
    corrected = sa.exists().where(Label.message_id == Message.id, Label.corrected_by_id.is_not(None))
    waiting = sa.exists().where(
        Conversation.id == Message.conversation_id, Conversation.waiting_since <= Message.posted_at
    )
    session.execute(
        sa.update(Message)
        .where(
            Message.posted_at >= now() - READ_AGAIN,
            Message.labelled_at.is_not(None),
            Message.direction == Direction.IN,
            Message.deleted_at.is_(None),
            # Whose words had to be erased keeps its tags: there is nothing left to read.
            Message.expired_at.is_(None),
            waiting,
            ~corrected,
        )
        .values(labelled_at=None)
        .execution_options(synchronize_session=False)
    )
    after_commit(session, Job.CLASSIFY)
