"""Reads Reddit's listings: the inbox, subreddits, what waits for their moderators, and what stands above a message."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, Deletion, IncomingMessage
from inbox.connectors.json_api import segment
from inbox.connectors.lenient import is_before, unix_moment
from inbox.connectors.read_each import name_of, read_each
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

        def read(thing: Any) -> Sequence[IncomingMessage]:
            message = message_of(thing, our_name=our_name)
            return () if is_before(message.posted_at, begin) or is_empty(fields_of(thing)) else (message,)

        harvest = read_each(fresh, read)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})


def ask_above(api: RedditApi, our_name: str, orphans: Sequence[IncomingMessage]) -> Batch:
    """What these answer; what Reddit does not give, or only empty, as deletions."""
    threads = {each.parent_id: each.thread_id for each in orphans if THING.fullmatch(each.parent_id)}
    found = api.things("/api/info", {"id": ",".join(sorted(threads))})[0] if threads else []
    there = {name_in(thing): thing for thing in found if not is_empty(fields_of(thing))}

    def read(thing: Any) -> Sequence[IncomingMessage]:
        return [replace(message_of(thing, our_name=our_name), thread_id=threads[name_in(thing)])]

    harvest = read_each(there.values(), read)
    return Batch(harvest.messages, [Deletion(name) for name in threads if name not in there])
