"""Reads a Slack workspace: all channels that the app is a member of, a few at each look, and the threads below what was said.

History does not show answers in threads, and a thread with a new answer does not come up again; so threads are looked at
on their own, often while they are fresh, rarely when they are old. Used by `slack` alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, Gone, IncomingMessage, Refused
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import read_each
from inbox.connectors.slack_api import SlackApi, is_error
from inbox.connectors.slack_read import Said, moment_of, order
from inbox.connectors.slack_watch import Watch

VERSION = 1
PAGE = 200
ANSWERS = 1_000
PAGES = 2_000
CHANNELS_AT_ONCE = 20  # of 50 calls a minute that Slack allows for this
THREADS_AT_ONCE = 15
WATCHED = 300
OVERLAP = timedelta(minutes=2)  # what one of Slack's machines shows later than another
# How often a thread is looked at by the age of what was said last in it.
OFTEN = (
    (timedelta(hours=1), timedelta(minutes=2)),
    (timedelta(days=1), timedelta(minutes=15)),
    (timedelta(days=7), timedelta(hours=1)),
)
RARELY = timedelta(hours=6)
FORGOTTEN_AFTER = timedelta(days=30)


def poll_workspace(
    api: SlackApi, chosen: Sequence[str], cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """The channels that were not looked at for longest, then the threads that are due, then what was edited or deleted."""
    rooms = {room["id"] for room in api.rooms(chosen)}
    walk = _Walk(api, cursor, since, rooms)
    for channel in sorted(rooms, key=lambda name: words(walk.channels.get(name, {}).get("at")))[:CHANNELS_AT_ONCE]:
        yield from walk.read_channel(channel)
    for key in walk.due()[:THREADS_AT_ONCE]:
        yield walk.read_thread(key)
    for changed in walk.watch.look_again(api):
        yield Batch(changed.messages, changed.deletions, changed.bad, cursor=walk.state())
    yield Batch(cursor=walk.state())


class _Walk:
    """What a cursor says, and what the next one will say."""

    def __init__(self, api: SlackApi, cursor: Mapping[str, Any], since: datetime | None, rooms: set[str]) -> None:
        self.api, self.since = api, since
        self.channels = {
            name: dict(mapping(place)) for name, place in mapping(cursor.get("channels")).items() if name in rooms
        }
        self.threads = {
            key: dict(mapping(thread))
            for key, thread in mapping(cursor.get("threads")).items()
            if key.partition(":")[0] in rooms
        }
        self.watch = Watch(cursor)

    def state(self) -> dict[str, Any]:
        latest = sorted(self.threads.items(), key=lambda entry: order(words(entry[1].get("last"))))[-WATCHED:]
        channels = {name: dict(place) for name, place in self.channels.items()}
        threads = {key: dict(thread) for key, thread in latest}
        return {"v": VERSION, "channels": channels, "threads": threads, **self.watch.state}

    def read_channel(self, channel: str) -> Iterator[Batch]:
        """What is new in it; a walk that was cut off is finished first."""
        place = self.channels.setdefault(channel, {})
        if "further" in place:
            yield from self._pages(channel, place)
        yield from self._pages(channel, place)
        place["at"] = now().isoformat()

    def _pages(self, channel: str, place: dict[str, Any]) -> Iterator[Batch]:
        # What is of exactly that moment is left out by Slack.
        wanted = f"{(self.since - timedelta(seconds=1)).timestamp():.6f}" if self.since else "0"
        start = words(place.get("read_to")) or wanted
        for _ in range(PAGES):
            further = words(place.get("further"))
            query = {"channel": channel, "oldest": start, "limit": PAGE, "cursor": further or None}
            try:
                answer = self.api.ask_slack("conversations.history", query)
            except Refused as error:
                if is_error(error, "channel_not_found", "not_in_channel"):
                    # The app was removed from it a moment ago.
                    return
                if not further or not is_error(error, "invalid_cursor"):
                    raise
                # The mark has expired; the walk from the top covers the same ground.
                del place["further"]
                return
            page = listed(answer.get("messages"))
            kept = place.get("seen")
            seen: list[str] = kept if isinstance(kept, list) else []
            fresh = [raw for raw in page if _ts(raw) == "" or _ts(raw) not in seen]
            border = f"{(now() - OVERLAP).timestamp():.6f}"
            place["top"] = max(words(place.get("top")), start, *map(_ts, page), key=order)
            place["seen"] = [ts for ts in dict.fromkeys([*seen, *map(_ts, page)]) if order(ts) > order(border)]
            following = words(mapping(answer.get("response_metadata")).get("next_cursor"))
            if following and following != further:
                place["further"] = following
            else:
                place.pop("further", None)
                # Never into the future: a time that is wrong must not hide what comes until then.
                place["read_to"] = min(place.pop("top"), border, key=order)
            for raw in fresh:
                self._follow(channel, raw)
            yield self._batch(channel, reversed(fresh), lambda raw: self._read(raw, channel))
            if "further" not in place:
                return

    def read_thread(self, key: str) -> Batch:
        """The answers that are new in it, oldest first."""
        channel, _, root = key.partition(":")
        thread = self.threads[key]
        last = words(thread.get("last"))
        try:
            fresh = [raw for raw in self._answers(channel, root, last) if order(_ts(raw)) > order(last)]
        except Gone as error:
            if not is_error(error, "channel_not_found", "thread_not_found", "message_not_found"):
                raise
            del self.threads[key]
            return Batch(cursor=self.state())
        fresh.sort(key=lambda raw: order(_ts(raw)))
        thread.update(last=max(last, root, *map(_ts, fresh), key=order), at=now().isoformat())
        return self._batch(channel, fresh, lambda raw: self._answer(raw, channel, root))

    def _answers(self, channel: str, root: str, last: str) -> list[Any]:
        found: list[Any] = []
        further = None
        for _ in range(PAGES):
            query = {"channel": channel, "ts": root, "oldest": last or None, "limit": ANSWERS, "cursor": further}
            answer = self.api.ask_slack("conversations.replies", query)
            # The root comes along with every page.
            found += listed(answer.get("messages"))
            further = words(mapping(answer.get("response_metadata")).get("next_cursor")) or None
            if further is None:
                break
        return list({_ts(raw): raw for raw in found}.values())

    def due(self) -> list[str]:
        """The threads whose turn it is, those longest waiting first; very old ones are watched no more."""
        moment, due = now(), []
        for key, thread in list(self.threads.items()):
            age = moment - (moment_of(words(thread.get("last")) or key.partition(":")[2]) or moment)
            if age > FORGOTTEN_AFTER and words(thread.get("at")):
                del self.threads[key]
                continue
            pause = next((pause for limit, pause in OFTEN if age < limit), RARELY)
            if words(thread.get("at")) < (moment - pause).isoformat():
                due.append(key)
        return sorted(due, key=lambda key: words(self.threads[key].get("at")))

    def _follow(self, channel: str, raw: Any) -> None:
        said, ts = mapping(raw), _ts(raw)
        root = words(said.get("thread_ts")) or ts
        key = f"{channel}:{root}"
        if not ts or key in self.threads or not Said.model_validate(said).is_spoken:
            return
        if root != ts:
            # An answer that is shown in the channel too: what it answers may be older than all we read.
            self.threads[key] = {"last": ""}
        else:
            # A message may get its first answer later, so each is followed; one that has answers is read at once.
            self.threads[key] = {"last": root, **({} if said.get("reply_count") else {"at": now().isoformat()})}

    def _read(self, raw: Any, channel: str) -> Sequence[IncomingMessage]:
        said = Said.model_validate(raw)
        if not said.is_spoken or (self.since and (moment_of(said.ts) or self.since) < self.since):
            return ()
        return (self.api.message(raw, channel),)

    def _answer(self, raw: Any, channel: str, root: str) -> Sequence[IncomingMessage]:
        said = Said.model_validate(raw)
        if said.ts == root and said.is_spoken:
            return (self.api.message(raw, channel),)
        # Those that are shown in the channel too were read there.
        return () if said.subtype == "thread_broadcast" else self._read(raw, channel)

    def _batch(self, channel: str, said: Iterable[Any], read: Callable[[Any], Sequence[IncomingMessage]]) -> Batch:
        harvest = read_each(said, read, lambda raw: self.api.place(raw, channel))
        self.watch.add(harvest.messages)
        return Batch(harvest.messages, (), harvest.bad, harvest.filtered, self.state())


def _ts(raw: Any) -> str:
    ts = words(mapping(raw).get("ts"))
    return ts if moment_of(ts) else ""
