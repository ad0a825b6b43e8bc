"""Finds one conversation, its thread, or one message, with what a page shows of it, in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from inbox.conversations.models import Conversation, Message
from inbox.database import LARGEST_ID
from inbox.members.models import Identity

SHOWN = 200
# Characters in all: somebody who sends a book two hundred times must not keep us from reading the last page.
LARGEST = 4_000_000
NEWEST_FIRST = (Message.posted_at.desc(), Message.id.desc())


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation with its last messages, oldest first; `earlier` says how many are not among them."""

    conversation: Conversation
    messages: Sequence[Message]
    earlier: int = 0


def find_conversation(session: Session, conversation_id: int) -> Conversation | None:
    """The conversation with its channel, assignee and member, or None."""
    if not 0 < conversation_id <= LARGEST_ID:
        return None
    return session.scalar(
        sa.select(Conversation)
        .where(Conversation.id == conversation_id)
        .options(joinedload(Conversation.channel), joinedload(Conversation.assignee), joinedload(Conversation.member))
    )


def find_thread(session: Session, conversation_id: int, *, limit: int = SHOWN) -> Thread | None:
    """The conversation with its last messages, at most `limit` and four million characters, in four statements.

    With them come their authors, labels, deliveries and attachments.
    """
    conversation = find_conversation(session, conversation_id)
    if conversation is None:
        return None
    last = (
        sa.select(Message.id, sa.func.count().over().label("number"))
        .where(Message.conversation_id == conversation_id)
        .order_by(*NEWEST_FIRST)
        .limit(limit)
        .subquery()
    )
    size = (
        sa.func.length(Message.text) + sa.func.length(Message.quote) + sa.func.coalesce(sa.func.length(Message.html), 0)
    )
    sizes = session.execute(
        sa.select(Message.id, size, last.c.number).join(last, last.c.id == Message.id).order_by(*NEWEST_FIRST)
    ).all()
    number = sizes[0].number if sizes else 0
    ids: list[int] = []
    room = LARGEST
    for message_id, characters, _ in sizes:
        room -= characters
        if ids and room < 0:
            break
        ids.append(message_id)
    shown = session.scalars(messages().where(Message.id.in_(ids)).order_by(*NEWEST_FIRST)).all()
    return Thread(conversation, shown[::-1], max(0, number - len(shown)))


def find_message(session: Session, message_id: int) -> Message | None:
    """The message with its conversation, author, label, delivery and attachments, or None."""
    if not 0 < message_id <= LARGEST_ID:
        return None
    return session.scalar(
        messages()
        .options(joinedload(Message.conversation).joinedload(Conversation.channel))
        .where(Message.id == message_id)
    )


def messages() -> sa.Select[Message]:
    """The beginning of a question for messages with all that is shown of them; deleted ones stay in it."""
    return sa.select(Message).options(
        # What came over the wire is for the quarantine and the curious; a thread of 200 need not carry it.
        defer(Message.raw),
        joinedload(Message.identity).joinedload(Identity.member),
        joinedload(Message.teammate),
        joinedload(Message.delivery),
        joinedload(Message.label),
        selectinload(Message.attachments),
    )
