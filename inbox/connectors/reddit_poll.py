"""Reads Reddit's listings: the inbox with what it answers, subreddits, and what waits for their moderators."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, IncomingMessage
from inbox.connectors.json_api import segment
from inbox.connectors.lenient import is_before, unix_moment, words
from inbox.connectors.read_each import UNREADABLE, name_of, read_each
from inbox.connectors.reddit_api import RedditApi
from inbox.connectors.reddit_read import fields_of, is_empty, message_of, name_in

VERSION = 1
PAGE = 100
THING = re.compile(r"t[13]_[A-Za-z0-9]{1,20}")
PATHS = {"posts": "new", "comments": "comments", "queue": "about/modqueue"}


def poll_listing(
    api: RedditApi, our_name: str, stream: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """The newest until known; never from a position, because a removed one empties the list for ever."""
    part, _, subreddit = stream.partition(":")
    path = f"/r/{segment(subreddit)}/{PATHS[part]}" if subreddit else "/message/inbox"
    # What waits in the queue waits now, however old it is.
    begin = None if part == "queue" else since

    def page(older: str | None) -> Page[Any]:
        things, after = api.things(path, {"limit": PAGE, "after": older})
        dated = [(name_in(t) or name_of(t), unix_moment(fields_of(t).get("created_utc")), t) for t in things]
        return Page(dated, after)

    for fresh, state in catch_up(page, cursor, begin):
        above = _above(api, fresh, our_name) if part == "inbox" else {}

        def read(thing: Any, above: Mapping[str, IncomingMessage] = above) -> Sequence[IncomingMessage]:
            message = message_of(thing, our_name=our_name)
            if is_before(message.posted_at, begin) or is_empty(fields_of(thing)):
                return ()
            return _with_what_it_answers(message, above.get(message.parent_id), since)

        harvest = read_each(fresh, read)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})


def _above(api: RedditApi, things: Sequence[Any], our_name: str) -> dict[str, IncomingMessage]:
    """What these answer, with one call."""
    parents = {words(fields_of(thing).get("parent_id")) for thing in things}
    wanted = sorted(filter(THING.fullmatch, parents))
    found = api.things("/api/info", {"id": ",".join(wanted)})[0] if wanted else []
    above: dict[str, IncomingMessage] = {}
    for thing in found:
        with suppress(*UNREADABLE):
            above[name_in(thing)] = message_of(thing, our_name=our_name)
    return above


def _with_what_it_answers(
    message: IncomingMessage, above: IncomingMessage | None, since: datetime | None
) -> Sequence[IncomingMessage]:
    """The message after our own words that it answers; a stranger's words are its quote."""
    if above is None:
        return (message,)
    if above.author and above.author.is_us:
        ours = () if is_before(above.posted_at, since) else (replace(above, thread_id=message.thread_id),)
        return (*ours, message)
    return (replace(message, quote=f"u/{above.author.handle if above.author else '?'}: {above.text[:2_000]}"),)
