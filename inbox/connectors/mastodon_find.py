"""Looks whether an answer of ours is already on the server, for deliveries whose outcome was lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from inbox.clock import now
from inbox.connectors.contract import N_, Gone, OutgoingReply, Passing, Receipt
from inbox.connectors.http import read_json
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import web_address
from inbox.connectors.mastodon_api import MastodonApi, Us
from inbox.connectors.mastodon_read import Status, core

SLACK = timedelta(minutes=2)
PAGES = 10


def find_answer(api: MastodonApi, us: Us, reply: OutgoingReply, text: str) -> Receipt | None:
    """Our post that answers the same message with the same words, not older than the reply; None when surely none.

    Raises Passing when our posts do not reach back far enough to tell.
    """
    parent = str(reply.parent_handle.get("status_id") or reply.parent_id)
    wanted = core(text)
    for status in _candidates(api, us, parent, reply):
        if status.in_reply_to_id == parent and core(status.text) == wanted:
            return Receipt(status.id, web_address(status.url) or web_address(status.uri))
    return None


def _candidates(api: MastodonApi, us: Us, parent: str, reply: OutgoingReply) -> Iterator[Status]:
    path = f"/api/v1/accounts/{segment(us.id)}/statuses"
    first = api.read(path, {"limit": 40})
    earliest = _earliest(reply, first)
    # Direct posts stand in the thread even where a server leaves them out of the list of our own.
    try:
        below = mapping(api.get(f"/api/v1/statuses/{segment(parent)}/context")).get("descendants")
    except Gone:
        below = []
    yield from (s for s in _statuses(below) if s.account and s.account.id == us.id and not _before(s, earliest))
    page = _statuses(read_json(first))
    for _ in range(PAGES):
        yield from (s for s in page if not _before(s, earliest))
        if not page or earliest is None or any(_before(status, earliest) for status in page):
            return
        page = _statuses(api.get(path, {"limit": 40, "max_id": page[-1].id}))
    raise Passing(N_("Too much was posted since; it cannot be told whether the answer is among it."))


def _earliest(reply: OutgoingReply, response: httpx.Response) -> datetime | None:
    """When the answer can have been posted at the earliest, by the server's clock."""
    if reply.created_at is None:
        return None
    try:
        there = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        there = now()
    return reply.created_at + ((there if there.tzinfo else there.replace(tzinfo=UTC)) - now()) - SLACK


def _before(status: Status, earliest: datetime | None) -> bool:
    return earliest is not None and status.created_at is not None and status.created_at < earliest


def _statuses(raw: Any) -> list[Status]:
    found = []
    for item in raw if isinstance(raw, list) else []:
        try:
            found.append(Status.model_validate(item))
        except ValueError:
            continue
    return found
