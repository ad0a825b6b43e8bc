"""The inbox list: one view with filters, page by page, and the numbers beside every view, tag and channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, ConversationState, Message
from inbox.conversations.search import matching
from inbox.labels.models import Tag
from inbox.outbox.models import Delivery, DeliveryState
from inbox.teams.models import Teammate

PAGE = 50
LARGEST_PAGE = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class View(StrEnum):
    """The views beside the list."""

    TO_ANSWER = "to_answer"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    UNSURE = "unsure"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    ALL = "all"
    UNSURE_SENT = "unsure_sent"  # with an answer of which nobody knows whether it arrived


@dataclass(frozen=True, slots=True)
class Filters:
    """What a page of the list shows. `assignee_id` 0 means nobody; `words` are searched for in all messages."""

    view: View = View.TO_ANSWER
    tag: str = ""
    channel_id: int | None = None
    assignee_id: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: int
    channel_id: int
    channel_kind: str
    channel_name: str
    is_sample: bool
    author_name: str
    subject: str
    preview: str
    tag: str
    tags: str
    suggested: str
    tag_probability: float | None
    state: str
    assignee_id: int | None
    assignee_name: str | None
    message_count: int
    waiting_since: datetime | None
    last_message_at: datetime
    snoozed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first, and the cursors of the pages beside it; "" where there is none."""

    rows: Sequence[Row]
    older: str = ""
    newer: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations each view holds, and how many of the chosen view carry each tag and came by each channel."""

    views: dict[View, int]
    tags: dict[str, int]
    channels: dict[int, int]


def browse(
    session: Session, filters: Filters, *, me: int | None, after: str = "", before: str = "", limit: int = PAGE
) -> Page:
    """One page of the list in one statement; `me` is the teammate's id. A cursor that is none begins at the newest."""
    limit = max(1, min(limit, LARGEST_PAGE))
    position = sa.tuple_(Conversation.last_message_at, Conversation.id)
    query = _rows().where(*_conditions(session, filters, me)).limit(limit + 1)
    back = _read_cursor(before)
    onward = None if back else _read_cursor(after)
    if back:
        query = query.where(position > sa.tuple_(*_bound(back)))
        query = query.order_by(Conversation.last_message_at, Conversation.id)
    else:
        if onward:
            query = query.where(position < sa.tuple_(*_bound(onward)))
        query = query.order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
    rows = [Row(*found) for found in session.execute(query)]
    more, rows = len(rows) > limit, rows[:limit]
    if back:
        rows.reverse()
    if not rows:
        # Past the end, or everything before has moved away: the first page is always right.
        return Page(()) if not (back or onward) else browse(session, filters, me=me, limit=limit)
    has_newer, has_older = (more, True) if back else (onward is not None, more)
    return Page(rows, older=_cursor(rows[-1]) if has_older else "", newer=_cursor(rows[0]) if has_newer else "")


def count(session: Session, filters: Filters, *, me: int | None) -> Counts:
    """The numbers beside the list in one statement, answered from one index.

    A tag's number is what choosing that tag beside the other filters would show, and likewise a channel's; search words
    do not narrow them. Of the few with an unsure answer only the view is counted.
    """
    # Exactly the index's columns in its order: then the database counts along it, without sorting.
    keys = (Conversation.state, Conversation.tag, Conversation.channel_id, Conversation.assignee_id)
    waiting = sa.func.count(Conversation.waiting_since)
    unsure = sa.select(sa.func.count()).select_from(_with_unsure_answer().subquery()).scalar_subquery()
    groups = session.execute(sa.select(*keys, sa.func.count(), waiting, unsure).group_by(*keys))
    counts = Counts(dict.fromkeys(View, 0), {}, {})
    for state, tag, channel_id, assignee_id, number, waits, unsure_sent in groups:
        here = _numbers(state, tag, assignee_id, number, waits, me)
        for view, amount in here.items():
            counts.views[view] += amount
        counts.views[View.UNSURE_SENT] = unsure_sent
        chosen = here.get(filters.view, 0)
        if not chosen or filters.assignee_id not in (None, assignee_id or 0):
            continue
        if filters.channel_id in (None, channel_id):
            counts.tags[tag] = counts.tags.get(tag, 0) + chosen
        if filters.tag in ("", tag):
            counts.channels[channel_id] = counts.channels.get(channel_id, 0) + chosen
    return counts


def _rows() -> sa.Select[*tuple[Any, ...]]:
    C = Conversation  # noqa: N806
    return (
        sa.select(
            C.id,
            C.channel_id,
            Channel.kind,
            Channel.name,
            Channel.is_sample,
            C.author_name,
            C.subject,
            C.preview,
            C.tag,
            C.tags,
            C.suggested,
            C.tag_probability,
            C.state,
            C.assignee_id,
            Teammate.name,
            C.message_count,
            C.waiting_since,
            C.last_message_at,
            C.snoozed_until,
        )
        .join(Channel, Channel.id == C.channel_id)
        .join(Teammate, Teammate.id == C.assignee_id, isouter=True)
    )


def _conditions(session: Session, filters: Filters, me: int | None) -> list[sa.ColumnElement[bool]]:
    C = Conversation  # noqa: N806
    is_open = C.state == ConversationState.OPEN.value
    # The literals below are those of the partial indexes: a bound parameter would hide them from SQLite's planner.
    open_literal = C.state == sa.literal_column("'open'")
    of_view: dict[View, list[sa.ColumnElement[bool]]] = {
        View.TO_ANSWER: [open_literal, C.waiting_since.is_not(None)],
        View.MINE: [is_open, C.assignee_id == me if me is not None else sa.false()],
        View.UNASSIGNED: [open_literal, C.assignee_id.is_(None)],
        View.UNSURE: [is_open, C.tag == Tag.UNSURE.value],
        View.SNOOZED: [C.state == ConversationState.SNOOZED.value],
        View.CLOSED: [C.state == ConversationState.CLOSED.value],
        View.ALL: [],
        View.UNSURE_SENT: [C.id.in_(_with_unsure_answer())],
    }
    chosen = of_view[filters.view]
    if filters.tag:
        chosen.append(C.tag == filters.tag)
    if filters.channel_id is not None:
        chosen.append(C.channel_id == filters.channel_id)
    if filters.assignee_id is not None:
        chosen.append(C.assignee_id == filters.assignee_id if filters.assignee_id else C.assignee_id.is_(None))
    if filters.words.strip():
        chosen.append(C.id.in_(matching(session, filters.words)))
    return chosen


def _with_unsure_answer() -> sa.Select[int]:
    return (
        sa.select(Message.conversation_id)
        .join(Delivery, Delivery.id == Message.delivery_id)
        .where(Delivery.state == DeliveryState.UNSURE.value)
        .distinct()
    )


def _numbers(state: str, tag: str, assignee_id: int | None, number: int, waits: int, me: int | None) -> dict[View, int]:
    """How many of a group are in each view, `waits` of them with somebody waiting; the same as `_conditions` says."""
    here = {View.ALL: number}
    if state == ConversationState.SNOOZED:
        here[View.SNOOZED] = number
    elif state == ConversationState.CLOSED:
        here[View.CLOSED] = number
    else:
        here[View.TO_ANSWER] = waits
        if assignee_id is None:
            here[View.UNASSIGNED] = number
        elif assignee_id == me:
            here[View.MINE] = number
        if tag == Tag.UNSURE:
            here[View.UNSURE] = number
    return here


def _cursor(row: Row) -> str:
    return f"{(row.last_message_at - EPOCH) // timedelta(microseconds=1)}.{row.id}"


def _read_cursor(cursor: str) -> tuple[datetime, int] | None:
    moment, _, number = cursor.partition(".")
    if not (moment.isascii() and moment.isdigit() and number.isascii() and number.isdigit()):
        return None
    try:
        at = EPOCH + timedelta(microseconds=int(moment))
    except (OverflowError, ValueError):
        return None
    return (at, int(number)) if len(number) < 19 else None


def _bound(position: tuple[datetime, int]) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    at, number = position
    return sa.literal(at, Conversation.last_message_at.type), sa.literal(number, Conversation.id.type)
