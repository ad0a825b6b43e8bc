"""News for open browsers: a stream of server-sent events, and the same by asking for those behind a buffering proxy."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from threading import BoundedSemaphore

import redis
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from inbox.live import KEPT, News, subscribe
from inbox.pages.access import requires
from inbox.pages.rendering import render
from inbox.teams.permissions import Permission

page = Blueprint("live", __name__)

# Each stream holds a thread of the web server; the rest stays free for pages. A browser that gets none asks instead.
MOST_STREAMS = 200
BEAT_MS = 10_000
LIFE_SECONDS = 600.0
_streams = BoundedSemaphore(MOST_STREAMS)


@page.get("/live")
@requires(Permission.CONVERSATIONS_READ)
def show() -> ResponseReturnValue:
    """News after `Last-Event-ID` (or `after`), as it comes."""
    if not _streams.acquire(blocking=False):
        return Response(status=503, headers={"Retry-After": "60"})
    response = Response(_events(_since()), mimetype="text/event-stream")
    response.headers.update({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.call_on_close(_streams.release)
    return response


@page.get("/live/news")
@requires(Permission.CONVERSATIONS_READ)
def index() -> ResponseReturnValue:
    """News after `after`, at once. `known` is false when Valkey cannot tell: then look at the list itself."""
    found: list[News] = []
    since = _since()
    try:
        for news in subscribe(since, wait_ms=1):
            if news is None or len(found) >= KEPT:
                break
            found.append(news)
    except redis.RedisError:
        return jsonify(known=False, last=since, news=[])
    last = found[-1].event_id if found else since
    response = jsonify(known=True, last=last, news=[asdict(news) for news in found])
    response.headers["Cache-Control"] = "no-store"
    return response


@page.get("/live/troubles")
@requires(Permission.CONVERSATIONS_READ)
def troubles() -> ResponseReturnValue:
    """The banner as it is now."""
    return render("layouts/_troubles.html")


def _since() -> str:
    given = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    moment, _, number = given.partition("-")
    is_id = moment.isascii() and moment.isdigit() and number.isascii() and number.isdigit() and len(given) < 40
    return given if is_id else "$"


def _events(since: str) -> Iterator[str]:
    yield "retry: 3000\nevent: hello\ndata: {}\n\n"
    until = time.monotonic() + LIFE_SECONDS
    try:
        for news in subscribe(since, wait_ms=BEAT_MS):
            if news is None:
                yield "event: beat\ndata: {}\n\n"
            else:
                words = json.dumps({"kind": news.kind, "ids": news.ids, "extra": news.extra})
                yield f"id: {news.event_id}\nevent: news\ndata: {words}\n\n"
            # A stream ends now and then, so that a sign-in that has ended is noticed; the browser opens the next one.
            if time.monotonic() > until:
                return
    except redis.RedisError:
        # The browser tries again by itself, and polls when nothing is heard.
        return
