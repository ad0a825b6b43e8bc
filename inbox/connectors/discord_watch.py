"""Keeps an eye on the latest messages read from a Discord server: once an hour it asks what was edited or deleted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, Deletion, Gone, IncomingMessage
from inbox.connectors.discord_read import message_of, number, shows_nothing
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import moment, words
from inbox.connectors.read_each import read_each

WATCHED = 500
EVERY = timedelta(hours=1)
SHOWN = 100
CHANNELS = 20  # how many are looked at in one round


class Watch:
    """Built from a cursor; `state` is what of it belongs into the next one."""

    def __init__(self, cursor: Mapping[str, Any]) -> None:
        self.watched: dict[str, tuple[str, str, str]] = {}  # id → channel, when edited, conversation
        entries = cursor.get("watched")
        for each in entries if isinstance(entries, list) else []:
            if isinstance(each, list | tuple) and len(each) == 4 and all(isinstance(part, str) for part in each):
                self.watched[each[0]] = (each[1], each[2], each[3])
        self.looked_at = words(cursor.get("looked_at")) or now().isoformat()

    @property
    def state(self) -> dict[str, Any]:
        return {"watched": [[name, *entry] for name, entry in self.watched.items()], "looked_at": self.looked_at}

    def add(self, messages: Iterable[IncomingMessage]) -> None:
        """Watch these too; of more than 500 those that were added first are let go."""
        for message in messages:
            channel = words(message.reply_handle.get("channel_id"))
            self.watched[message.external_id] = (channel, _edit_of(message.raw), message.thread_id)
        self.watched = dict(list(self.watched.items())[-WATCHED:])

    def look_again(self, api: JsonApi, guild: str, our_id: str) -> Iterator[Batch]:
        """Edits and deletions, a channel at a time, if an hour has passed. Batches come without cursor: take `state`."""
        looked_at = moment(self.looked_at)
        if looked_at is not None and looked_at > now() - EVERY:
            return
        self.looked_at = now().isoformat()
        channels = list(dict.fromkeys(channel for channel, _edited, _root in reversed(self.watched.values())))

        def read(raw: Any) -> Sequence[IncomingMessage]:
            thread_id = self.watched[raw["id"]][2]
            return (message_of(raw, guild=guild, our_id=our_id, thread_id=thread_id),)

        for channel in channels[:CHANNELS]:
            try:
                page = listed(api.get(f"/channels/{channel}/messages", {"limit": SHOWN}))
            except (Forbidden, Gone):
                continue
            if not page:
                # So Discord answers, too, when we may not read what was written before we came.
                continue
            shown = {words(mapping(raw).get("id")): raw for raw in page}
            gone = self._missing(channel, shown, is_all=len(page) < SHOWN)
            harvest = read_each(self._edited(shown), read)
            self.add(harvest.messages)
            for name in gone:
                del self.watched[name]
            yield Batch(harvest.messages, [Deletion(name) for name in gone])

    def _missing(self, channel: str, shown: Mapping[str, Any], *, is_all: bool) -> list[str]:
        lowest = 0 if is_all else min(map(number, shown), default=0)
        ours = [name for name, entry in self.watched.items() if entry[0] == channel]
        return [name for name in ours if name not in shown and number(name) > lowest]

    def _edited(self, shown: Mapping[str, Any]) -> list[Any]:
        known = {name: raw for name, raw in shown.items() if name in self.watched and not shows_nothing(raw)}
        return [raw for name, raw in known.items() if _edit_of(raw) not in {"", self.watched[name][1]}]


def _edit_of(raw: Any) -> str:
    return words(mapping(raw).get("edited_timestamp"))
