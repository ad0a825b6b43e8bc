"""Keeps an eye on the latest messages read from Slack: once an hour it asks what was edited or deleted. Used by `slack` alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, Deletion, Gone, IncomingMessage, Known
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import moment, words
from inbox.connectors.read_each import Harvest
from inbox.connectors.slack_api import SlackApi, is_error
from inbox.connectors.slack_read import Said, moment_of, name_of, order

WATCHED = 500
EVERY = timedelta(hours=1)
SHOWN = 200
PLACES = 20  # channels and threads, looked at in one round
HIDDEN_AFTER = timedelta(days=89)  # free workspaces stop showing messages then; they are not deleted


@dataclass(frozen=True, slots=True)
class Watched:
    """Where a message stands (`thread` is empty for what stands in the channel itself), and when it was edited."""

    channel: str
    ts: str
    thread: str
    edit: str

    @property
    def place(self) -> tuple[str, str]:
        return self.channel, self.thread


class Watch:
    """Built from a cursor; `state` is what of it belongs into the next one."""

    def __init__(self, cursor: Mapping[str, Any]) -> None:
        entries = cursor.get("watched")
        kept = [
            Watched(*each)
            for each in (entries if isinstance(entries, list) else [])
            if isinstance(each, list | tuple) and len(each) == 4 and all(isinstance(part, str) for part in each)
        ]
        self.watched = {name_of(each.channel, each.ts): each for each in kept}
        self.looked_at = words(cursor.get("looked_at")) or now().isoformat()

    @property
    def state(self) -> dict[str, Any]:
        watched = [[each.channel, each.ts, each.thread, each.edit] for each in self.watched.values()]
        return {"watched": watched, "looked_at": self.looked_at}

    def add(self, messages: Iterable[IncomingMessage]) -> None:
        """Watch these too; of more than 500 those that were added first are let go."""
        for message in messages:
            channel, ts, thread = (words(message.reply_handle.get(name)) for name in ("channel", "ts", "thread_ts"))
            edit = Said.model_validate(message.raw).edit
            self.watched[message.external_id] = Watched(channel, ts, "" if thread == ts else thread, edit)
        self.watched = dict(list(self.watched.items())[-WATCHED:])

    def look_again(self, api: SlackApi) -> Iterator[Batch]:
        """Edits and deletions, a place at a time, if an hour has passed. Batches come without cursor: take `state`."""
        looked_at = moment(self.looked_at)
        if looked_at is not None and looked_at > now() - EVERY:
            return
        self.looked_at = now().isoformat()
        self.watched = {name: each for name, each in self.watched.items() if not is_hidden(each.ts)}
        for place in list(dict.fromkeys(each.place for each in reversed(self.watched.values())))[:PLACES]:
            here = [each for each in self.watched.values() if each.place == place]
            try:
                shown, is_all = window(api, *place, oldest=min((each.ts for each in here), key=order))
            except Gone as error:
                if not is_error(error, "thread_not_found"):
                    continue
                shown, is_all = {}, True
            gone = [name_of(each.channel, each.ts) for each in here if _is_gone(each, shown, is_all=is_all)]
            edited = [shown[each.ts] for each in here if each.ts in shown and _is_edited(each, shown[each.ts])]
            harvest = api.messages(edited, place[0])
            for name in gone:
                del self.watched[name]
            self.add(harvest.messages)
            yield Batch(harvest.messages, [Deletion(name) for name in gone], harvest.bad)


def window(
    api: SlackApi, channel: str, thread: str, *, oldest: str, latest: str | None = None
) -> tuple[dict[str, Any], bool]:
    """What Slack shows from `oldest` on, both ends included, by time; and whether that is all. `thread` may be empty."""
    bounds = {"oldest": oldest, "latest": latest, "inclusive": True, "limit": SHOWN}
    if thread:
        answer = api.ask_slack("conversations.replies", {"channel": channel, "ts": thread, **bounds})
    else:
        answer = api.ask_slack("conversations.history", {"channel": channel, **bounds})
    shown = {words(mapping(raw).get("ts")): raw for raw in listed(answer.get("messages"))}
    shown.pop("", None)
    return shown, not answer.get("has_more")


def is_hidden(ts: str) -> bool:
    """Whether a message is so old that a workspace may hide it without its having been deleted."""
    at = moment_of(ts)
    return at is None or at < now() - HIDDEN_AFTER


def is_tombstone(raw: Any) -> bool:
    """What Slack shows in place of a deleted message that has answers."""
    return mapping(raw).get("subtype") == "tombstone"


def _is_gone(each: Watched, shown: Mapping[str, Any], *, is_all: bool) -> bool:
    if each.ts in shown:
        return is_tombstone(shown[each.ts])
    times = sorted(map(order, shown))
    return is_all or (bool(times) and times[0] < order(each.ts) < times[-1])


def _is_edited(each: Watched, raw: Any) -> bool:
    edit = words(mapping(mapping(raw).get("edited")).get("ts"))
    return edit not in {"", each.edit} and not is_tombstone(raw)


def again(api: SlackApi, known: Sequence[Known]) -> Batch:
    """These messages as they are now, one by one: a message is where its time is."""
    harvest, gone = Harvest(), []
    for each in known:
        channel, ts, thread = (words(each.handle.get(name)) for name in ("channel", "ts", "thread_ts"))
        if not channel or not ts or is_hidden(ts):
            continue
        try:
            shown, _all = window(api, channel, "" if thread == ts else thread, oldest=ts, latest=ts)
        except Gone as error:
            # Whoever was removed from a channel does not know what became of its messages.
            if not is_error(error, "thread_not_found", "message_not_found"):
                continue
            shown = {}
        if ts not in shown or is_tombstone(shown[ts]):
            gone.append(Deletion(each.external_id))
        else:
            harvest.add(api.messages([shown[ts]], channel))
    api.remember()
    return Batch(harvest.messages, gone, harvest.bad)
