"""Rows for tests, with just enough in them: a channel, a teammate, somebody outside, a conversation with messages."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.conversations.models import Conversation, Direction, Message
from inbox.members.models import Identity, Member
from inbox.teams.models import Role, Teammate

_numbers = count(1)


def make_channel(session: Session, **fields: Any) -> Channel:
    """A Mastodon channel, unless told otherwise."""
    channel = Channel(**{"kind": "mastodon", "name": f"channel {next(_numbers)}", **fields})
    session.add(channel)
    session.flush()
    return channel


def make_teammate(session: Session, name: str = "Ada", **fields: Any) -> Teammate:
    """A manager."""
    teammate = Teammate(
        **{"name": name, "email": f"{name.lower()}{next(_numbers)}@example.org", "role": Role.MANAGER, **fields}
    )
    session.add(teammate)
    session.flush()
    return teammate


def make_identity(session: Session, channel: Channel, name: str = "Mia", **fields: Any) -> Identity:
    """A member with one identity on the channel."""
    identity = Identity(
        **{
            "member": Member(name=name),
            "channel_id": channel.id,
            "external_id": f"author-{next(_numbers)}",
            "name": name,
            **fields,
        }
    )
    session.add(identity)
    session.flush()
    return identity


def make_conversation(session: Session, channel: Channel, texts: tuple[str, ...] = (), **fields: Any) -> Conversation:
    """A conversation with one message from outside for each text, a minute apart, the last one a minute old."""
    number = next(_numbers)
    first = now() - timedelta(minutes=len(texts))
    conversation = Conversation(
        **{
            "channel_id": channel.id,
            "external_id": f"thread-{number}",
            "message_count": len(texts),
            "version": len(texts),
            "waiting_since": first if texts else None,
            "last_message_at": first + timedelta(minutes=max(0, len(texts) - 1)),
            "preview": texts[-1] if texts else "",
            **fields,
        }
    )
    session.add(conversation)
    session.flush()
    author = make_identity(session, channel) if texts else None
    for minute, text in enumerate(texts):
        make_message(session, conversation, text, identity=author, posted_at=first + timedelta(minutes=minute))
    return conversation


def make_message(
    session: Session,
    conversation: Conversation,
    text: str = "Hello",
    *,
    posted_at: datetime | None = None,
    **fields: Any,
) -> Message:
    """A message from outside. Numbers kept on the conversation are not touched."""
    message = Message(
        **{
            "conversation_id": conversation.id,
            "channel_id": conversation.channel_id,
            "external_id": f"message-{next(_numbers)}",
            "direction": Direction.IN,
            "text": text,
            "posted_at": posted_at or now(),
            **fields,
        }
    )
    session.add(message)
    session.flush()
    return message


def hear_from_outside(session: Session, conversation: Conversation, text: str) -> Message:
    """A further message from outside, with the numbers of the conversation as ingest would leave them."""
    message = make_message(session, conversation, text)
    conversation.version += 1
    conversation.message_count += 1
    conversation.last_message_at = message.posted_at
    conversation.waiting_since = conversation.waiting_since or message.posted_at
    session.flush()
    return message
