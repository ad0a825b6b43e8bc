"""Reads a Discord server: all channels and threads that the bot may see and that have something new, each from its own id on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, Gone, IncomingMessage
from inbox.connectors.discord_channels import open_channels
from inbox.connectors.discord_read import number, read_placed, snowflake
from inbox.connectors.discord_watch import Watch
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import moment, words
from inbox.connectors.read_each import Place, read_each

VERSION = 1
PAGE = 100
REMEMBERED = 2_000
# Ten thousand refused requests in ten minutes lock an address out: what was forbidden is not asked for again that day.
FORBIDDEN_FOR = timedelta(days=1)


def poll_guild(
    api: JsonApi, guild: str, our_id: str, chosen: Sequence[str], cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Channel by channel, oldest message first, a page at a time; two calls when nothing is new."""
    walk = _Walk(guild, our_id, cursor, since)
    before = moment(cursor.get("at"))
    begun_at = now()
    for channel in open_channels(api, guild, chosen, before or since):

        def read(raw: Any, channel: Mapping[str, Any] = channel) -> Sequence[IncomingMessage]:
            return walk.read(raw, channel)

        def place(raw: Any, channel: Mapping[str, Any] = channel) -> Place:
            return walk.place(raw, channel)

        name, last = channel["id"], words(channel.get("last_message_id"))
        if number(last) <= number(walk.after(name)) or walk.looked.get(name) == last or walk.is_closed(name):
            continue
        while True:
            after = walk.after(name)
            try:
                page = listed(api.get(f"/channels/{name}/messages", {"after": after, "limit": PAGE}))
            except (Forbidden, Gone):
                walk.closed[name] = (now() + FORBIDDEN_FOR).isoformat()
                break
            # The oldest page behind the id, newest first.
            harvest = read_each(reversed(page), read, place)
            newest = max((number(mapping(raw).get("id")) for raw in page), default=0)
            walk.read_to[name] = str(max(newest, number(after)))
            is_last = len(page) < PAGE or newest <= number(after)
            if is_last:
                # A channel's last message may have been deleted: what is not there is not asked for each time.
                walk.looked[name] = last
            walk.watch.add(harvest.messages)
            yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, walk.state(before))
            if is_last:
                break
    for changed in walk.watch.look_again(api, guild, our_id):
        yield Batch(changed.messages, changed.deletions, cursor=walk.state(before))
    yield Batch(cursor=walk.state(begun_at))


class _Walk:
    """What a cursor says, and what the next one will say."""

    def __init__(self, guild: str, our_id: str, cursor: Mapping[str, Any], since: datetime | None) -> None:
        self.guild, self.our_id = guild, our_id
        self.start = snowflake(since) if since else "0"
        self.read_to = {name: last for name, last in mapping(cursor.get("read_to")).items() if number(last)}
        self.looked = {name: last for name, last in mapping(cursor.get("looked")).items() if number(last)}
        self.closed = {name: until for name, until in mapping(cursor.get("closed")).items() if isinstance(until, str)}
        self.roots = {name: root for name, root in mapping(cursor.get("roots")).items() if isinstance(root, str)}
        self.watch = Watch(cursor)

    def after(self, channel: str) -> str:
        """The last id that was read there."""
        return str(self.read_to.get(channel, self.start))

    def is_closed(self, channel: str) -> bool:
        """Whether we were sent away from there not long ago."""
        return self.closed.get(channel, "") > now().isoformat()

    def read(self, raw: Any, channel: Mapping[str, Any]) -> Sequence[IncomingMessage]:
        """A message in its conversation: a thread, or a chain of answers."""
        messages = read_placed(raw, self.place(raw, channel), guild=self.guild, our_id=self.our_id)
        self.roots.update((message.external_id, message.thread_id) for message in messages)
        return messages

    def place(self, raw: Any, channel: Mapping[str, Any]) -> Place:
        """What is known of where a message stands, whatever it is."""
        is_thread, title = "thread_metadata" in channel, words(channel.get("name"))
        above = words(mapping(mapping(raw).get("message_reference")).get("message_id"))
        return {
            "thread": channel["id"] if is_thread else "",
            "title": title if is_thread or not title else f"#{title}",
            "root": self.roots.get(above, ""),
        }

    def state(self, at: datetime | None) -> dict[str, Any]:
        """`at`: until when all threads that were closed are known."""
        opened = {name: until for name, until in self.closed.items() if until > now().isoformat()}
        return {
            "v": VERSION,
            "read_to": _latest(self.read_to),
            "looked": _latest(self.looked),
            "closed": opened,
            "roots": dict(list(self.roots.items())[-REMEMBERED:]),
            **self.watch.state,
            **({"at": at.isoformat()} if at else {}),
        }


def _latest(positions: Mapping[str, str]) -> dict[str, str]:
    kept = sorted(positions.items(), key=lambda entry: number(entry[1]))[-REMEMBERED:]
    return dict(kept)
