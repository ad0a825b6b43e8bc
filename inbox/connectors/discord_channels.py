"""The places on a Discord server where something may be new: channels, open threads, and those that fell asleep meanwhile."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Gone
from inbox.connectors.discord_read import number
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import dicts, moment

WRITTEN_IN = {0, 2, 5}  # text, voice, announcements
HOLDS_THREADS = {0, 5, 15, 16}  # also forums and galleries
# A thread sleeps at the earliest an hour after its last message.
SLEEPS_AFTER = timedelta(hours=1)
PAGES = 20


def open_channels(api: JsonApi, guild: str, chosen: Sequence[str], since: datetime | None) -> list[dict[str, Any]]:
    """Channels and threads as they are now, of the chosen channels only, if any were.

    With them the threads that were closed after `since`, if that is long enough ago for one to have been missed.
    """
    channels = dicts(listed(api.get(f"/guilds/{guild}/channels")))
    threads = mapping(api.get(f"/guilds/{guild}/threads/active")).get("threads")
    found = [each for each in channels if each.get("type") in WRITTEN_IN]
    found += dicts(listed(threads if threads is not None else []))
    if since is not None and since < now() - SLEEPS_AFTER:
        places = [each for each in channels if each.get("type") in HOLDS_THREADS and number(each.get("id"))]
        wanted = [each for each in places if not chosen or each["id"] in chosen]
        found += [thread for place in wanted for thread in _closed_since(api, place["id"], since)]
    # A thread may have woken between two calls.
    by_id = {each["id"]: dict(each) for each in reversed(found) if number(each.get("id"))}
    return [
        each for each in by_id.values() if not chosen or each["id"] in chosen or each.get("parent_id") in set(chosen)
    ]


def _closed_since(api: JsonApi, channel: str, since: datetime) -> Iterator[Any]:
    before: str | None = None
    for _ in range(PAGES):
        try:
            answer = mapping(api.get(f"/channels/{channel}/threads/archived/public", {"before": before, "limit": 100}))
        except (Forbidden, Gone):
            return
        for thread in dicts(answer.get("threads")):
            before = str(mapping(thread.get("thread_metadata")).get("archive_timestamp") or "")
            closed_at = moment(before)
            if closed_at is None or closed_at < since:
                return
            yield thread
        if not answer.get("has_more") or not before:
            return
