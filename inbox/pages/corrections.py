"""The ledger of corrections: what people said better, filtered, and as a file."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.labels.models import Tag
from inbox.pages.access import me, requires
from inbox.pages.found import filter_id, row_id
from inbox.pages.rendering import render
from inbox.pages.tag_words import tag_words
from inbox.teams.models import Teammate
from inbox.teams.permissions import Permission
from inbox.text import one_line
from inbox.training.browse import (
    COUNTED,
    NAMED_LANGUAGES,
    OTHER_LANGUAGES,
    Filters,
    Which,
    browse,
    count,
    model_versions,
)
from inbox.training.export import Line, as_csv, as_jsonl, export
from inbox.web import house, reading

page = Blueprint("corrections", __name__)
LANGUAGES = (*NAMED_LANGUAGES, OTHER_LANGUAGES)


@page.get("/corrections")
@requires(Permission.CONVERSATIONS_READ)
def index() -> ResponseReturnValue:
    """The ledger, newest first: five statements."""
    session, filters = reading(), read_filters()
    given = request.args
    return render(
        "corrections/index.html",
        filters=filters,
        query_of=query_of,
        page=browse(session, filters, after=row_id(given.get("after")), before=row_id(given.get("before"))),
        number=count(session, filters),
        counted=COUNTED,
        whiches=which_names(),
        choices=_choices(),
        is_narrowed=filters != Filters(which=filters.which),
    )


@page.get("/corrections.csv")
@requires(Permission.CONVERSATIONS_WORK)
def show_csv() -> ResponseReturnValue:
    """What the ledger shows, for spreadsheets."""
    return _file(as_csv, "csv", "text/csv")


@page.get("/corrections.jsonl")
@requires(Permission.CONVERSATIONS_WORK)
def show_jsonl() -> ResponseReturnValue:
    """The same for programs."""
    return _file(as_jsonl, "jsonl", "application/x-ndjson")


def read_filters() -> Filters:
    """The filters in the address; what makes no sense there is left out."""
    given = request.args
    until = _day(given.get("until", ""))
    return Filters(
        which=Which(given["which"]) if given.get("which") in set(Which) else Which.ALL,
        teammate_id=filter_id(given.get("teammate")),
        before=given["from"] if given.get("from") in set(Tag) else "",
        after=given["to"] if given.get("to") in set(Tag) else "",
        language=given["language"] if given.get("language") in LANGUAGES else "",
        channel_id=filter_id(given.get("channel")),
        model_version=one_line(given.get("model", ""), 60),
        since=_midnight(_day(given.get("since", ""))),
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def query_of(filters: Filters, **changes: Any) -> dict[str, Any]:
    """The filters as parameters of an address, without those that are not set."""
    chosen = replace(filters, **changes)
    every = {
        "which": chosen.which if chosen.which != Which.ALL else None,
        "teammate": chosen.teammate_id,
        "from": chosen.before or None,
        "to": chosen.after or None,
        "language": chosen.language or None,
        "channel": chosen.channel_id,
        "model": chosen.model_version or None,
        "since": _shown_day(chosen.since),
        "until": _shown_day(chosen.until - timedelta(days=1)) if chosen.until else None,
    }
    return {name: value for name, value in every.items() if value is not None}


def _choices() -> dict[str, list[tuple[int | str, str]]]:
    """What each filter can be set to, with its words."""
    session, words = reading(), tag_words()
    return {
        "teammate": [(row.id, row.name) for row in session.scalars(select(Teammate).order_by(Teammate.name))],
        "before": [(tag, words[tag]) for tag in Tag],
        "after": [(tag, words[tag]) for tag in Tag if tag != Tag.UNSURE],
        "language": [("de", gettext("German")), ("en", gettext("English")), (OTHER_LANGUAGES, gettext("Other"))],
        "channel": [(row.id, row.name) for row in session.scalars(select(Channel).order_by(Channel.name))],
        "model": [(version, version) for version in model_versions(session)],
    }


def which_names() -> dict[Which, str]:
    """The parts of the ledger by name, in the order in which they are shown."""
    return {
        Which.ALL: gettext("All"),
        Which.CHANGED: gettext("Changed"),
        Which.CONFIRMED: gettext("Found right"),
        Which.CONTRADICTED: gettext("Contradicted"),
        Which.UNDONE: gettext("Undone"),
    }


def _day(given: str) -> date | None:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    # At the ends of the calendar a time zone would lead out of it.
    return day if 1970 <= day.year < 9000 else None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(me().time_zone)).astimezone(UTC) if day else None


def _shown_day(moment: datetime | None) -> str | None:
    return moment.astimezone(ZoneInfo(me().time_zone)).date().isoformat() if moment else None


def _file(written: Callable[[Iterator[Line]], Iterator[str]], form: str, media_type: str) -> Response:
    """Line after line, so that it may be long."""
    lines = written(export(house().database.reading, read_filters()))
    response = Response((line.encode() for line in lines), mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename=trellis-corrections-{now():%Y-%m-%d}.{form}"
    response.headers["Cache-Control"] = "no-store"
    return response
