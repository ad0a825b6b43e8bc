"""Erases words and names that the terms of their platforms no longer let us keep. The rows stay and are counted."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.channels.terms import kinds_that_forget_authors
from inbox.clock import now
from inbox.conversations.ingest_known import find_conversations
from inbox.conversations.models import Attachment, Conversation, Message, Revision
from inbox.conversations.refresh import Change, refresh
from inbox.database import among
from inbox.live import publish
from inbox.members.models import Identity, Member

AT_ONCE = 1_000


def expire(session: Session) -> int:
    """Erase the words of up to a thousand messages whose time is over; returns how many. A fixed number of statements."""
    moment = now()
    due = session.execute(
        sa.select(Message.id, Message.conversation_id, Message.channel_id)
        .where(Message.keep_until.is_not(None), Message.keep_until <= moment)
        .order_by(Message.keep_until)
        .limit(AT_ONCE)
    ).all()
    if not due:
        return 0
    homes = sorted({each.conversation_id for each in due})
    # The conversations first, as ingest does, so that neither waits for the other.
    find_conversations(session, 0, (), homes)
    ids = [each.id for each in due]
    for table in (Revision, Attachment):
        session.execute(
            sa.delete(table).where(among(session, table.message_id, ids)).execution_options(synchronize_session=False)
        )
    emptied: dict[str, Any] = {"text": "", "html": None, "quote": "", "raw": "", "metrics": {}}
    gone = {"keep_until": None, "ask_again_at": None, "expired_at": moment}
    session.execute(
        sa.update(Message)
        .where(among(session, Message.id, ids))
        .values(emptied | gone)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Conversation)
        .where(among(session, Conversation.id, homes))
        .values(subject="")
        .execution_options(synchronize_session=False)
    )
    stored = find_conversations(session, 0, (), homes)
    # Nobody has written: an answer that is being composed stays good.
    refresh(session, [Change(stored[number]) for number in sorted(stored)], moment)
    publish(session, "conversations", *homes[:200])
    return len(ids)


def forget_authors(session: Session) -> int:
    """Erase names and pictures of people who have not been heard of for as long as their platform's terms say."""
    count = 0
    for kind, hours in kinds_that_forget_authors().items():
        count += _forget(session, kind, hours)
    return count


def _forget(session: Session, kind: str, hours: int) -> int:
    since = now() - timedelta(hours=hours)
    channels = sa.select(Channel.id).where(Channel.kind == kind)
    heard = sa.exists().where(Message.identity_id == Identity.id, Message.received_at > since)
    named = sa.or_(Identity.name != "", Identity.handle != "", Identity.avatar_url != "", Identity.profile_url != "")
    forgotten = session.execute(
        sa.update(Identity)
        .where(Identity.channel_id.in_(channels), Identity.is_us.is_(False), named, ~heard)
        .values(name="", handle="", avatar_url="", profile_url="")
        .returning(Identity.id, Identity.member_id)
        .execution_options(synchronize_session=False)
    ).all()
    members = {each.member_id for each in forgotten}
    if not members:
        return 0
    elsewhere = sa.exists().where(Identity.member_id == Member.id, sa.or_(Identity.name != "", Identity.handle != ""))
    updates = (
        sa.update(Member).where(among(session, Member.id, members), ~elsewhere).values(name=""),
        sa.update(Conversation)
        .where(Conversation.channel_id.in_(channels), among(session, Conversation.member_id, members))
        .values(author_name=""),
    )
    for update in updates:
        session.execute(update.execution_options(synchronize_session=False))
    return len(forgotten)
