"""Reads a Discord server: all channels and threads that the bot may see and that have something new, each from its own id on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, Gone, IncomingMessage
from inbox.connectors.discord_read import SPOKEN, Said, message_of, number, snowflake
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import read_each

VERSION = 1
PAGE = 100
WRITTEN_IN = {0, 2, 5}  # text, voice, announcements; forums hold threads only
REMEMBERED = 2_000
# Ten thousand refused requests in ten minutes lock an address out: what was forbidden is not asked for again that day.
FORBIDDEN_FOR = timedelta(days=1)


def poll_guild(
    api: JsonApi, guild: str, our_id: str, chosen: Sequence[str], cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Channel by channel, oldest message first, a page at a time; two calls when nothing is new."""
    read_to = {name: last for name, last in mapping(cursor.get("read_to")).items() if number(last)}
    closed = {name: until for name, until in mapping(cursor.get("closed")).items() if isinstance(until, str)}
    roots = {name: root for name, root in mapping(cursor.get("roots")).items() if isinstance(root, str)}
    start = snowflake(since) if since else "0"

    def state() -> dict[str, Any]:
        kept = dict(list(roots.items())[-REMEMBERED:])
        return {"v": VERSION, "read_to": dict(read_to), "closed": dict(closed), "roots": kept}

    for channel in _open_channels(api, guild, chosen):
        name, last = channel["id"], channel.get("last_message_id")
        if number(last) <= number(read_to.get(name, start)) or closed.get(name, "") > now().isoformat():
            continue
        is_thread = "thread_metadata" in channel

        def read(
            raw: Any, channel: Mapping[str, Any] = channel, is_thread: bool = is_thread
        ) -> Sequence[IncomingMessage]:
            said = Said.model_validate(raw)
            if said.type not in SPOKEN:
                return ()
            root = channel["id"] if is_thread else roots.get(said.above, said.above or said.id)
            roots[said.id] = root
            title = words(channel.get("name"))
            return (
                message_of(raw, guild=guild, our_id=our_id, thread_id=root, title=title if is_thread else f"#{title}"),
            )

        while True:
            after = read_to.get(name, start)
            try:
                page = listed(api.get(f"/channels/{name}/messages", {"after": after, "limit": PAGE}))
            except (Forbidden, Gone):
                closed[name] = (now() + FORBIDDEN_FOR).isoformat()
                break
            # The oldest page behind the id, newest first.
            harvest = read_each(reversed(page), read)
            newest = max((number(mapping(raw).get("id")) for raw in page), default=0)
            # A channel's last message may have been deleted: then there is nothing behind the id, now or later.
            read_to[name] = str(max(newest, number(after))) if len(page) == PAGE else str(max(newest, number(last)))
            yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, state())
            if len(page) < PAGE or newest <= number(after):
                break
    yield Batch(cursor=state())


def _open_channels(api: JsonApi, guild: str, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Channels and threads that are open now; of the chosen channels only, if any were."""
    channels = [each for each in listed(api.get(f"/guilds/{guild}/channels")) if isinstance(each, dict)]
    threads = mapping(api.get(f"/guilds/{guild}/threads/active")).get("threads")
    found = [each for each in channels if each.get("type") in WRITTEN_IN]
    found += [each for each in listed(threads if threads is not None else []) if isinstance(each, dict)]
    wanted = set(chosen)
    return [
        each
        for each in found
        if number(each.get("id")) and (not wanted or each["id"] in wanted or each.get("parent_id") in wanted)
    ]
