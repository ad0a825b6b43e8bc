"""Reads a Slack workspace: all channels that the app is a member of, a few at each look, and the threads below what was said.

History does not show answers in threads, and a thread with a new answer does not come up again; so threads are looked at
on their own, often while they are fresh, rarely when they are old.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, IncomingMessage
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import read_each
from inbox.connectors.slack_api import SlackApi
from inbox.connectors.slack_read import Said, message_of, moment_of

VERSION = 1
PAGE = 200
CHANNELS_AT_ONCE = 20  # of 50 calls a minute that Slack allows for this
THREADS_AT_ONCE = 15
WATCHED = 300
# How often a thread is looked at by the age of what was said last in it.
OFTEN = ((timedelta(hours=1), timedelta(minutes=2)), (timedelta(days=1), timedelta(minutes=15)))
RARELY = timedelta(hours=6)
FORGOTTEN_AFTER = timedelta(days=30)


def poll_workspace(
    api: SlackApi, chosen: Sequence[str], cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """The channels that were not looked at for longest, then the threads that are due."""
    channels = {name: dict(mapping(state)) for name, state in mapping(cursor.get("channels")).items()}
    threads = {name: dict(mapping(state)) for name, state in mapping(cursor.get("threads")).items()}

    def state() -> dict[str, Any]:
        newest = sorted(threads.items(), key=lambda entry: str(entry[1].get("last", "")))[-WATCHED:]
        return {"v": VERSION, "channels": {k: dict(v) for k, v in channels.items()}, "threads": dict(newest)}

    rooms = {room["id"]: room for room in api.rooms(chosen)}
    for gone in set(channels) - set(rooms):
        del channels[gone]
    for name in sorted(rooms, key=lambda name: str(channels.get(name, {}).get("at", "")))[:CHANNELS_AT_ONCE]:
        room, place = rooms[name], channels.setdefault(name, {})
        for page in _history(api, name, place, since):
            harvest = read_each(reversed(page), _reader(api, room, since))
            for raw in page:
                _watch(threads, name, raw)
            yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, state())
        place["at"] = now().isoformat()
    for key in _due(threads)[:THREADS_AT_ONCE]:
        name, _, root = key.partition(":")
        watched = threads[key]
        if name not in rooms:
            del threads[key]
            continue
        page = _answers(api, name, root, str(watched.get("last") or root))
        harvest = read_each(page, _reader(api, rooms[name], since))
        watched["last"] = max(
            [str(watched.get("last") or root), *(words(mapping(raw).get("ts")) for raw in page)], key=_order
        )
        watched["at"] = now().isoformat()
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, state())
    yield Batch(cursor=state())


def _history(api: SlackApi, name: str, place: dict[str, Any], since: datetime | None) -> Iterator[list[Any]]:
    """What is new in a channel, newest page first; the place moves on when all of it was read."""
    oldest = words(place.get("read_to")) or (f"{since.timestamp():.6f}" if since else "0")
    further, top = words(place.get("further")), words(place.get("top"))
    while True:
        query = {"channel": name, "oldest": oldest, "inclusive": False, "limit": PAGE, "cursor": further or None}
        answer = api.ask_slack("conversations.history", query)
        page = listed(answer.get("messages"))
        top = max([top, oldest, *(words(mapping(raw).get("ts")) for raw in page)], key=_order)
        further = words(mapping(answer.get("response_metadata")).get("next_cursor"))
        if further:
            place.update(further=further, top=top)
        else:
            place.pop("further", None)
            place.pop("top", None)
            place["read_to"] = top
        yield page
        if not further:
            return


def _answers(api: SlackApi, name: str, root: str, after: str) -> list[Any]:
    """The answers in a thread behind `after`, oldest first."""
    found: list[Any] = []
    further = ""
    while True:
        query = {"channel": name, "ts": root, "oldest": after, "limit": PAGE, "cursor": further or None}
        answer = api.ask_slack("conversations.replies", query)
        # The root comes along with every page.
        found += [
            raw for raw in listed(answer.get("messages")) if _order(words(mapping(raw).get("ts"))) > _order(after)
        ]
        further = words(mapping(answer.get("response_metadata")).get("next_cursor"))
        if not further:
            return sorted(found, key=lambda raw: _order(words(mapping(raw).get("ts"))))


def _watch(threads: dict[str, dict[str, Any]], channel: str, raw: Any) -> None:
    said, root = mapping(raw), words(mapping(raw).get("thread_ts")) or words(mapping(raw).get("ts"))
    key = f"{channel}:{root}"
    if not root or key in threads:
        return
    # A message may get its first answer later, so each is watched; one that has answers is read at once.
    threads[key] = {"last": root, **({} if said.get("reply_count") else {"at": now().isoformat()})}


def _due(threads: dict[str, dict[str, Any]]) -> list[str]:
    """The threads whose turn it is, those longest waiting first; very old ones are watched no more."""
    moment, due = now(), []
    for key, watched in list(threads.items()):
        age = moment - (moment_of(str(watched.get("last") or "")) or moment)
        if age > FORGOTTEN_AFTER:
            del threads[key]
            continue
        pause = next((pause for limit, pause in OFTEN if age < limit), RARELY)
        if str(watched.get("at") or "") < (moment - pause).isoformat():
            due.append(key)
    return sorted(due, key=lambda key: str(threads[key].get("at") or ""))


def _reader(api: SlackApi, room: Mapping[str, Any], since: datetime | None) -> Any:
    def read(raw: Any) -> Sequence[IncomingMessage]:
        said = Said.model_validate(raw)
        if not said.is_spoken or (since and (moment_of(said.ts) or since) < since):
            return ()
        return (
            message_of(
                raw,
                channel=str(room["id"]),
                title="" if room.get("is_im") else f"#{room.get('name') or room['id']}",
                our_id=api.our_id,
                team_url=api.team_url,
                name_of_person=api.name_of,
                is_direct=bool(room.get("is_im")),
            ),
        )

    return read


def _order(ts: str) -> tuple[int, str]:
    whole, _, rest = ts.partition(".")
    return (int(whole) if whole.isdecimal() else 0, rest.ljust(6, "0"))
