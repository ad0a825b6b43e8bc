"""How pages become HTML: fragments, times and numbers in the reader's language, versioned static files."""

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_timedelta
from flask import Flask, Response, make_response, render_template, request, url_for
from flask_babel import format_datetime, format_decimal, format_percent, get_locale

from inbox.clock import now
from inbox.conversations.models import ConversationState
from inbox.ideas.models import IdeaState
from inbox.labels.models import LABELS, Tag
from inbox.outbox.models import DeliveryState
from inbox.pages.access import can, find_teammate
from inbox.pages.kinds import picture_of
from inbox.pages.translate import translate
from inbox.pages.trouble import Trouble, find_trouble
from inbox.teams.permissions import Permission
from inbox.web import house, reading

STATIC = Path(__file__).parent.parent / "static"


def wants_fragment() -> bool:
    """Whether the browser's script asks for the inner part of a page only."""
    return bool(request.headers.get("X-Fragment"))


def render(page: str, /, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """The page `page` (e.g. "ideas/index.html"), or only its partial `fragment` when the script asks for that."""
    name = fragment if fragment and wants_fragment() else page
    response = make_response(render_template(name, **context), status)
    response.headers.setdefault("Cache-Control", "no-store")
    response.vary.add("X-Fragment")
    return response


def register(app: Flask) -> None:
    """Give templates their words, filters and `asset()`."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.filters.update(
        ago=ago,
        age=age,
        span=span,
        when=when,
        day=day,
        number=number,
        percent=percent,
        factor=factor,
        short_time=short_time,
        score=score,
        translated=translate,
    )
    app.jinja_env.globals.update(
        can=can,
        asset=asset,
        picture_of=picture_of,
        Permission=Permission,
        Tag=Tag,
        LABELS=LABELS,
        ConversationState=ConversationState,
        IdeaState=IdeaState,
        DeliveryState=DeliveryState,
    )
    app.context_processor(_always)


def _always() -> dict[str, Any]:
    """What every template may use: me, locale, now, and trouble() for the banner of signed-in pages."""
    return {"me": find_teammate(), "locale": str(get_locale() or "en"), "now": now(), "trouble": _trouble}


def _trouble() -> list[Trouble]:
    return find_trouble(reading(), house().settings.database) if find_teammate() else []


def asset(name: str) -> str:
    """The address of a static file. The version is in the path, so that modules import each other under the same one."""
    return url_for("static_files.show", version=static_version(), name=name)


@lru_cache(maxsize=1)
def static_version() -> str:
    """A hash over all static files; browsers may keep a version for ever."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def ago(moment: datetime | None) -> str:
    """ "5 minutes ago" in the reader's language."""
    return "" if moment is None else format_timedelta(moment - now(), add_direction=True, locale=_locale())


def age(moment: datetime | None) -> str:
    """How long ago, short: "3 hr"."""
    return (
        ""
        if moment is None
        else format_timedelta(_whole(now() - moment), format="short", threshold=1, locale=_locale())
    )


def span(seconds: float) -> str:
    """A time span in words: "15 minutes"."""
    return str(format_timedelta(timedelta(seconds=max(1.0, seconds)), threshold=1.5, locale=_locale()))


def when(moment: datetime | None, form: str = "medium") -> str:
    """Date and time in the reader's language and time zone."""
    if form == "short" and str(_locale()).startswith("en"):
        # 11/5/26 is May to half of those who read English.
        form = "MMM d, y, h:mm a"
    return "" if moment is None else str(format_datetime(moment, form))


def day(on: date) -> str:
    """A day of the calendar, whatever the time zone: "Nov 21, 2026" or "21.11.2026"."""
    return str(format_date(on, "medium", locale=_locale()))


def number(value: float) -> str:
    """A number as the reader writes it: 1,234.5 or 1.234,5."""
    return str(format_decimal(value))


def percent(value: float | None) -> str:
    """A probability as whole percent."""
    return "" if value is None else str(format_percent(round(value, 2)))


def score(value: float) -> str:
    """A measure from 0 to 1, with three places: 0.716."""
    return str(format_decimal(value, "0.000"))


def short_time(seconds: float) -> str:
    """A span as people say it: "52 seconds", and minutes beyond two of them."""
    return format_timedelta(timedelta(seconds=seconds), threshold=2, locale=_locale())


def factor(value: float) -> str:
    """How many times as likely: 1.3, 12, or 1,000 at most."""
    return str(format_decimal(round(min(value, 1000.0), 1 if value < 10 else 0)))


def _whole(span: timedelta) -> timedelta:
    return max(span, timedelta(seconds=1))


def _locale() -> Any:
    return get_locale() or "en"
