"""Gives conversations the tags of what waits in them. Called when labels are recorded or corrected."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.conversations.models import Conversation, Direction, Message
from inbox.database import among, given_later, is_sqlite, packed_values
from inbox.labels.models import LABELS, Label

SHOWN = ("tag", "tags", "suggested", "tag_probability")


def retag(session: Session, message_ids: Collection[int]) -> list[int]:
    """Write the tags of the conversations of these messages, in two statements; returns the conversations' ids."""
    if not message_ids:
        return []
    ids = hold_conversations(session, message_ids)
    sqlite = is_sqlite(session)
    session.execute(_statement(sqlite), {"ids": packed_values(sqlite, Conversation.id, ids)})
    changed = set(ids)
    for row in session.identity_map.values():
        if isinstance(row, Conversation) and row.id in changed:
            session.expire(row, SHOWN)
    return ids


def hold_conversations(session: Session, message_ids: Collection[int]) -> list[int]:
    """Lock the conversations of these messages, in one statement; their ids.

    Every writer locks conversations in the order of their ids, and before their messages and labels, so that no two
    wait for each other.
    """
    query = (
        sa.select(Conversation.id)
        .where(Conversation.id.in_(sa.select(Message.conversation_id).where(among(session, Message.id, message_ids))))
        .order_by(Conversation.id)
        .with_for_update()
    )
    return list(session.scalars(query))


@lru_cache(maxsize=2)
def _statement(sqlite: bool) -> sa.Update:
    """Building it takes longer than executing it, so it is kept."""
    label, kept = aliased(Label), aliased(Conversation)
    ids = given_later(sqlite, Conversation, ["id"], sa.bindparam("ids", type_=sa.Text()))
    newest = (
        sa.select(ids.c.id, *tag_columns(label))
        .select_from(ids)
        .join(kept, kept.id == ids.c.id)
        .outerjoin(label, label.message_id == telling_message(ids.c.id, kept.waiting_since))
        .subquery()
    )
    return (
        sa.update(Conversation)
        .where(Conversation.id == newest.c.id)
        .values({name: newest.c[name] for name in SHOWN})
        .execution_options(synchronize_session=False)
    )


def telling_message(conversation_id: Any, waiting_since: Any) -> sa.ColumnElement[Any]:
    """The id of the message whose tags a conversation shows.

    Of those that wait it is the newest with one of the four labels, set or proposed, else the newest from outside. So a
    question stays one when its author adds a friendly line.
    """
    message, label = aliased(Message), aliased(Label)
    waits = (
        sa.select(message.id)
        .join(label, label.message_id == message.id)
        .where(
            message.conversation_id == conversation_id,
            message.direction == Direction.IN.value,
            message.deleted_at.is_(None),
            message.posted_at >= waiting_since,
            sa.or_(label.primary.in_([tag.value for tag in LABELS]), label.suggested != ""),
        )
        .order_by(message.posted_at.desc(), message.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.func.coalesce(waits, newest_from_outside(conversation_id))


def newest_from_outside(conversation_id: Any) -> sa.ColumnElement[Any]:
    """The id of the newest message from outside in a conversation; a machine's, such as a bounce, only where nobody wrote."""
    message, notice = aliased(Message), aliased(Message)
    by_a_person = _newest(message, conversation_id, message.is_automatic.is_(False))
    return sa.func.coalesce(by_a_person, _newest(notice, conversation_id))


def _newest(message: Any, conversation_id: Any, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(message.id)
        .where(
            message.conversation_id == conversation_id,
            message.direction == Direction.IN.value,
            message.deleted_at.is_(None),
            *conditions,
        )
        .order_by(message.posted_at.desc(), message.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def tag_columns(label: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """A label's columns as a conversation keeps them: empty where there is none, and how sure the primary tag is.

    A tag that a person chose carries no probability.
    """
    parts = [getattr(label, tag.value) for tag in LABELS]
    strongest: sa.ColumnElement[Any] = sa.case(
        *((sa.and_(*(part >= other for other in parts if other is not part)), part) for part in parts[:-1]),
        else_=parts[-1],
    )
    probability = sa.case(
        (label.message_id.is_(None) | label.corrected_by_id.is_not(None), None),
        *((label.primary == tag.value, getattr(label, tag.value)) for tag in LABELS),
        (label.primary == "other", 1.0 - strongest),
        else_=strongest,
    )
    return (
        sa.func.coalesce(label.primary, "").label("tag"),
        sa.func.coalesce(label.tags, "").label("tags"),
        sa.func.coalesce(label.suggested, "").label("suggested"),
        probability.label("tag_probability"),
    )
