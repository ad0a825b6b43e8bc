"""Brings the list's columns of stored conversations up to date after a batch changed their messages. Called by ingest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.activity.models import Activity
from inbox.clock import earliest
from inbox.conversations.ingest_known import KnownConversation
from inbox.conversations.models import Conversation, ConversationState, Message
from inbox.conversations.retag import newest_from_outside, tag_columns, telling_message
from inbox.conversations.waiting import first_unanswered
from inbox.database import given, given_later, insert_rows, is_sqlite, packed
from inbox.labels.models import Label
from inbox.members.models import Identity
from inbox.text import one_line

PREVIEW_LIMIT = 300
ASKED = ("id", "waiting_since")
COLUMNS = (
    "id",
    "subject",
    "state",
    "member_id",
    "author_name",
    "preview",
    "tag",
    "tags",
    "suggested",
    "tag_probability",
    "message_count",
    "waiting_since",
    "last_message_at",
    "version",
)


@dataclass(slots=True)
class Change:
    """What a batch did to one conversation. `asked_at` is when the first new message was written that asks for an answer."""

    stored: KnownConversation
    added: int = 0
    touched: int = 0
    asked_at: datetime | None = None
    newest_at: datetime | None = None
    subject: str = ""
    member_id: int | None = None


def refresh(session: Session, changes: Sequence[Change], moment: datetime) -> None:
    """Write what the list shows of these conversations, in at most three statements.

    A new message from a person opens a closed or snoozed conversation again.
    """
    if not changes:
        return
    found = {row.id: row for row in _read(session, changes)}
    rows = [_row(change, found[change.stored.id]) for change in changes]
    columns = given(session, Conversation, COLUMNS, rows)
    opens = columns.c.state == ConversationState.OPEN.value
    session.execute(
        sa.update(Conversation)
        .where(Conversation.id == columns.c.id)
        .values(
            {name: columns.c[name] for name in COLUMNS[1:]}
            | {
                "closed_at": sa.case((opens, None), else_=Conversation.closed_at),
                "snoozed_until": sa.case((opens, None), else_=Conversation.snoozed_until),
            }
        )
        .execution_options(synchronize_session=False)
    )
    reopened = [change.stored for change in changes if _reopens(change)]
    if reopened:
        columns_of = ("at", "actor_name", "verb", "subject_kind", "subject_id", "details")
        entries = [
            (moment, "", "conversation.reopened", "conversation", one.id, {"before": one.state}) for one in reopened
        ]
        insert_rows(session, Activity, columns_of, entries)


def _reopens(change: Change) -> bool:
    return change.asked_at is not None and change.stored.state != ConversationState.OPEN


def _read(session: Session, changes: Sequence[Change]) -> Sequence[sa.Row[Any]]:
    """Per conversation the newest message from outside with its author, the tags of what waits, and since when it waits."""
    # From `waiting_since` on nobody has been answered; what came before is done with, also if no answer is stored.
    froms = [(change.stored.id, earliest(change.stored.waiting_since, change.asked_at)) for change in changes]
    sqlite = is_sqlite(session)
    return session.execute(_statement(sqlite), {"rows": packed(sqlite, ASKED, froms)}).all()


@lru_cache(maxsize=2)
def _statement(sqlite: bool) -> sa.Select[Any]:
    """Building it takes longer than asking it, so it is kept."""
    asked = given_later(sqlite, Conversation, ASKED, sa.bindparam("rows", type_=sa.Text()))
    newest, author, label = aliased(Message), aliased(Identity), aliased(Label)
    return (
        sa.select(
            asked.c.id,
            newest.id.label("newest_id"),
            sa.func.substr(newest.text, 1, PREVIEW_LIMIT * 4).label("text"),
            sa.func.coalesce(sa.func.nullif(author.name, ""), author.handle, "").label("author_name"),
            first_unanswered(asked).label("waiting_since"),
            *tag_columns(label),
        )
        .select_from(asked)
        .outerjoin(newest, newest.id == newest_from_outside(asked.c.id))
        .outerjoin(author, author.id == newest.identity_id)
        .outerjoin(label, label.message_id == telling_message(asked.c.id, asked.c.waiting_since))
    )


def _row(change: Change, found: sa.Row[Any]) -> tuple[Any, ...]:
    stored = change.stored
    newest_at = max(filter(None, (stored.last_message_at, change.newest_at)))
    return (
        stored.id,
        stored.subject or change.subject,
        ConversationState.OPEN.value if _reopens(change) else stored.state,
        stored.member_id or change.member_id,
        found.author_name,
        one_line(found.text or "", PREVIEW_LIMIT),
        found.tag or "",
        found.tags or "",
        found.suggested or "",
        found.tag_probability,
        stored.message_count + change.added,
        found.waiting_since,
        newest_at,
        stored.version + change.added + change.touched,
    )


def changes_by_id(changes: Mapping[int, Change]) -> list[Change]:
    """The changes in the order of their conversations' ids, in which every writer locks them."""
    return [changes[number] for number in sorted(changes)]
