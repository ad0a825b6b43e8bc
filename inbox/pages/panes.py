"""What the panes of the inbox show: the list with its views, an open conversation, and what stands beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext
from sqlalchemy import select

from inbox.channels.abilities import abilities
from inbox.channels.models import Channel
from inbox.channels.next_look import next_look
from inbox.clock import now
from inbox.conversations.browse import Filters, View, browse, count
from inbox.conversations.context import context
from inbox.conversations.done_since import done_since
from inbox.conversations.draft import find_draft
from inbox.conversations.find import Thread
from inbox.conversations.models import Direction, Message
from inbox.conversations.viewers import viewers
from inbox.ideas.linked import linked
from inbox.labels.models import Tag
from inbox.moderation.acts import acts, ends_at
from inbox.moderation.options import options
from inbox.pages.access import can, me
from inbox.pages.found import filter_id, row_id
from inbox.pages.reasoning import Why, reasons_for
from inbox.teams.models import Teammate
from inbox.text import one_line
from inbox.web import reading

LONGEST_QUERY = 200


def read_filters() -> Filters:
    """The filters in the address, of a form that names none those of its page; what makes no sense there is left out."""
    given = _of_page() if request.method == "POST" and not request.args else request.args
    return Filters(
        view=View(given["view"]) if given.get("view") in set(View) else View.TO_ANSWER,
        tag=given.get("tag", "") if given.get("tag") in set(Tag) else "",
        channel_id=filter_id(given.get("channel")),
        assignee_id=filter_id(given.get("assignee")),
        words=one_line(given.get("q", ""), LONGEST_QUERY),
    )


def _of_page() -> Mapping[str, str]:
    # An undo knows what it takes back, not beside which list: whoever presses it wants to stay there.
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:
        return {}
    here = page.netloc == request.host and page.path.startswith("/conversations")
    return dict(parse_qsl(page.query)) if here else {}


def query_of(filters: Filters, **changes: Any) -> dict[str, Any]:
    """The filters as parameters of an address, without those that are not set."""
    chosen = replace(filters, **changes)
    every = {
        "view": chosen.view if chosen.view != View.TO_ANSWER else None,
        "tag": chosen.tag or None,
        "channel": chosen.channel_id,
        "assignee": chosen.assignee_id,
        "q": chosen.words or None,
    }
    return {name: value for name, value in every.items() if value is not None}


def listed(filters: Filters) -> dict[str, Any]:
    """The list, its numbers, and the channels and teammates to filter by: four statements."""
    session = reading()
    page = browse(
        session, filters, me=me().id, after=request.args.get("after", ""), before=request.args.get("before", "")
    )
    channels = session.scalars(select(Channel).order_by(Channel.name)).all()
    seen = viewers([row.id for row in page.rows], but=me().id)
    return {
        "filters": filters,
        "query": query_of(filters),
        "query_of": query_of,
        "page": page,
        "counts": count(session, filters, me=me().id),
        "channels": channels,
        "seen_by": seen,
        "views": view_names(),
        "View": View,
        "is_narrowed": filters != Filters(view=filters.view),
        **(_emptiness() if not page.rows else {}),
    }


def opened(
    thread: Thread, *, text: str | None = None, mode: str = "reply", refusal: str = "", seen_version: int | None = None
) -> dict[str, Any]:
    """An open conversation with what stands beside it. `text` (else the draft) is in the composer, `refusal` above it."""
    session = reading()
    conversation, ids = thread.conversation, [message.id for message in thread.messages]
    draft = find_draft(session, conversation.id, by=me()) if text is None else None
    ability = abilities(conversation.channel)
    links = linked(session, ids)
    return {
        "thread": thread,
        "conversation": conversation,
        "here": {"conversation_id": conversation.id, **query_of(read_filters())},
        "newest": _newest_from_outside(thread),
        "reasons": _asked_reasons(thread),
        "marks": {i: [(link.start, link.end) for link in links if link.message_id == i] for i in ids},
        "links": {link.idea_id: link for link in links},
        "acts": acts(session, ids),
        "ends_at": ends_at,
        "options": {m.id: options(m, ability) for m in thread.messages if m.direction == Direction.IN}
        if can("moderation:act")
        else {},
        "beside": context(session, conversation),
        "text": (draft.text if draft else "") if text is None else text,
        "mode": mode,
        "refusal": refusal,
        "seen_version": conversation.version if seen_version is None else seen_version,
        "ability": ability,
        "viewers": viewers([conversation.id], but=me().id).get(conversation.id, []),
        "teammates": session.scalars(select(Teammate).where(Teammate.is_active).order_by(Teammate.name)).all(),
        "moments": moments(),
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """A choice of the snooze menu."""

    name: str
    words: str
    at: datetime


def moments() -> list[Moment]:
    """When a conversation put aside may come back, in the teammate's time zone."""
    here = now().astimezone(ZoneInfo(me().time_zone))
    morning = here.replace(hour=8, minute=0, second=0, microsecond=0)
    return [
        Moment("hours", gettext("In 3 hours"), here + timedelta(hours=3)),
        Moment("tomorrow", gettext("Tomorrow morning"), morning + timedelta(days=1)),
        Moment("monday", gettext("Monday morning"), morning + timedelta(days=7 - here.weekday())),
        Moment("month", gettext("In four weeks"), morning + timedelta(days=28)),
    ]


def view_names() -> dict[View, str]:
    """The views by name, in the order in which they are shown."""
    return {
        View.TO_ANSWER: gettext("To answer"),
        View.MINE: gettext("Mine"),
        View.UNASSIGNED: gettext("Unassigned"),
        View.UNSURE: gettext("Unsure"),
        View.SNOOZED: gettext("Put aside"),
        View.CLOSED: gettext("Done"),
        View.ALL: gettext("All"),
        View.UNSURE_SENT: gettext("Arrival unclear"),
    }


def _emptiness() -> dict[str, Any]:
    midnight = now().astimezone(ZoneInfo(me().time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"next_look": next_look(reading()), "done_today": done_since(reading(), midnight)}


def _asked_reasons(thread: Thread) -> Why | None:
    """Why the message in the address has its tag, for whoever has no scripts."""
    asked = row_id(request.args.get("why"))
    message = next((message for message in thread.messages if message.id == asked), None)
    return reasons_for(reading(), message) if message else None


def _newest_from_outside(thread: Thread) -> Message | None:
    from_outside = [m for m in thread.messages if m.direction == Direction.IN and not m.deleted_at]
    by_people = [message for message in from_outside if not message.is_automatic]
    return next(reversed(by_people or from_outside), None)
