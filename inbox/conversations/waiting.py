"""Since when somebody waits for an answer: the one place that decides it, whatever comes, leaves or is taken back.

People wait from the first message on that asks and that nobody has answered. What a machine wrote does not ask.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.activity.models import Activity
from inbox.clock import earliest
from inbox.conversations.clean import CleanMessage
from inbox.conversations.models import Conversation, Direction, Message

LOOKED_AT = 50


def asks(message: CleanMessage) -> bool:
    """Whether somebody outside wrote it, and not a machine."""
    return not message.is_us and not message.is_automatic


def asking(message: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """The same of stored messages, and that they are still there: conditions on Message or an alias of it."""
    return (
        message.direction == Direction.IN.value,
        message.is_automatic.is_(False),
        message.deleted_at.is_(None),
    )


def waiting_since(messages: Sequence[CleanMessage]) -> datetime | None:
    """When the first of these, all messages of a conversation, was written that nobody has answered at its source."""
    answered = max((message.posted_at for message in messages if message.is_us), default=None)
    asked = (m.posted_at for m in messages if asks(m) and (answered is None or m.posted_at > answered))
    return min(asked, default=None)


def first_unanswered(asked: sa.FromClause) -> sa.ScalarSelect[Any]:
    """The same of stored conversations: of each row `id` of `asked`, from its `waiting_since` on."""
    message, answer = aliased(Message), aliased(Message)
    # Only answers given at the source count by their time. One given here was given in sight of what had arrived, so
    # a message that arrives after it is unanswered even if it was written before.
    answered = (
        sa.exists()
        .where(
            answer.conversation_id == asked.c.id,
            answer.direction == Direction.OUT.value,
            answer.delivery_id.is_(None),
            answer.deleted_at.is_(None),
            answer.posted_at >= message.posted_at,
        )
        .correlate(asked, message)
    )
    return (
        sa.select(sa.func.min(message.posted_at))
        .where(
            message.conversation_id == asked.c.id,
            *asking(message),
            message.posted_at >= asked.c.waiting_since,
            ~answered,
        )
        .correlate(asked)
        .scalar_subquery()
    )


def wait_no_longer(conversation: Conversation) -> str | None:
    """Nobody waits any longer. Since when they did, for the activity of the act: `wait_again` finds it there."""
    since, conversation.waiting_since = conversation.waiting_since, None
    return since.isoformat() if since else None


def wait_again(session: Session, conversation: Conversation, verb: str, **facts: Any) -> datetime | None:
    """Who waited before the newest act `verb` with these `facts` waits again. Since when; None when nobody did."""
    newest = session.scalars(
        sa.select(Activity)
        .where(Activity.subject_kind == "conversation", Activity.subject_id == conversation.id, Activity.verb == verb)
        .order_by(Activity.id.desc())
        .limit(LOOKED_AT)
    )
    act = next((one for one in newest if all(one.details.get(name) == value for name, value in facts.items())), None)
    kept = act.details.get("waiting_since") if act else None
    since = datetime.fromisoformat(kept) if kept else None
    conversation.waiting_since = earliest(conversation.waiting_since, since)
    return since


def wait_after(session: Session, conversation: Conversation, answer: Message) -> None:
    """Of those who wait now, only who had not arrived yet when `answer` was written goes on waiting."""
    if conversation.waiting_since is None:
        return
    conversation.waiting_since = session.scalar(
        sa.select(sa.func.min(Message.posted_at)).where(
            Message.conversation_id == conversation.id,
            *asking(Message),
            Message.received_at > answer.received_at,
            Message.posted_at >= conversation.waiting_since,
        )
    )
