"""Reads Matrix rooms: what happened since the last sync and, where a room had more than that shows, the walk back to it.

Whoever goes on from a sync without walking back loses messages; so walks that are not finished are part of the cursor.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from inbox.connectors.contract import N_, Batch, ConnectorError, Deletion, Gone, IncomingMessage
from inbox.connectors.http import BadRequest, Forbidden
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import words
from inbox.connectors.matrix_api import MatrixApi, joined
from inbox.connectors.matrix_read import ENCRYPTED, MESSAGE, REDACTION, Event, message_of
from inbox.connectors.read_each import UNREADABLE, Place, read_each, read_in_place

VERSION = 1
DEEPEST = 10
REMEMBERED = 500
PAGES = 2_000
# For so many earlier events, and for so long, one step asks: the messages themselves wait for it, and all of them come again
# where it breaks off.
ASKED, ASKED_SECONDS = 100, 60.0


def poll_rooms(
    api: MatrixApi, chosen: Sequence[str], cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """One sync, a batch for each room in it, then the gaps, newest first."""
    walk = _Walk(api, cursor, since)
    token = words(cursor.get("since")) or None
    try:
        sync = api.sync(token)
    except BadRequest:
        if token is None:
            raise
        # The server has forgotten the token: what it shows is read anew, back to the wanted past.
        token, sync = None, api.sync(None)
    batches = []
    for name, room in joined(sync).items():
        timeline = mapping(room.get("timeline"))
        events = timeline.get("events")
        events = events if isinstance(events, list) else []
        if not api.is_chosen(name, chosen):
            batches.append(Batch(filtered=len(events)))
            continue
        before = words(timeline.get("prev_batch"))
        if before and timeline.get("limited"):
            walk.gaps.append({"room": name, "from": before, **({"to": token} if token else {})})
        batches.append(walk.read(name, events))
    api.remember()
    # All of a sync is one step: its token moves only when every room of it was read.
    yield _joined(batches, walk.state(words(sync["next_batch"])))
    # What is left of a very long gap is in the cursor.
    while walk.gaps and walk.steps < PAGES:
        page = walk.step_back()
        api.remember()
        yield _joined([page], walk.state(words(sync["next_batch"])))


def read_kept(api: MatrixApi, raw: str) -> Batch:
    """An event of the quarantine, with the place that was kept with it. The server is asked nothing."""
    deletions: list[Deletion] = []

    def read(event: Any, place: Place) -> Sequence[IncomingMessage]:
        api.names.update(place["names"])
        return _Walk(api, place, None, asks=False).read_event(place["room"], deletions, event)

    batch = read_in_place(raw, read)
    return replace(batch, deletions=deletions, filtered=batch.filtered - len(deletions))


class _Walk:
    """What a cursor says, and what the next one will say."""

    def __init__(self, api: MatrixApi, cursor: Mapping[str, Any], since: datetime | None, *, asks: bool = True) -> None:
        self.api, self.since, self.asks = api, since, asks
        gaps = cursor.get("gaps")
        named = [mapping(gap) for gap in gaps] if isinstance(gaps, list) else []
        self.gaps = [dict(gap) for gap in named if words(gap.get("room")) and words(gap.get("from"))]
        self.roots = {name: root for name, root in mapping(cursor.get("roots")).items() if isinstance(root, str)}
        self.steps = 0
        self._begin_step()

    def _begin_step(self) -> None:
        self.asked, self.asks_until = 0, time.monotonic() + ASKED_SECONDS

    def _may_ask(self) -> bool:
        return self.asks and self.asked < ASKED and time.monotonic() < self.asks_until

    def state(self, token: str) -> dict[str, Any]:
        roots = dict(list(self.roots.items())[-REMEMBERED:])
        return {"v": VERSION, "since": token, "gaps": [dict(gap) for gap in self.gaps], "roots": roots}

    def step_back(self) -> Batch:
        """The next page of the first gap; a gap that ends is forgotten."""
        gap = self.gaps[0]
        room = words(gap["room"])
        try:
            events, before = self.api.back(room, words(gap["from"]), words(gap.get("to")) or None)
        except (Forbidden, Gone):
            # We were put out of that room.
            self.gaps.pop(0)
            return Batch()
        self.steps += 1
        self._begin_step()
        times = [mapping(event).get("origin_server_ts") for event in events]
        wanted = self.since.timestamp() * 1000 if self.since else 0
        is_past = bool(times) and all(isinstance(at, int | float) and at < wanted for at in times)
        if before is None or before == gap["from"] or is_past:
            self.gaps.pop(0)
        else:
            gap["from"] = before
        return self.read(room, events[::-1])

    def read(self, room: str, events: Sequence[Any]) -> Batch:
        """Events of a room, oldest first."""
        deletions: list[Deletion] = []
        read = partial(self.read_event, room, deletions)
        harvest = read_each(events, read, partial(self._place, room))
        return Batch(harvest.messages, deletions, harvest.bad, harvest.filtered - len(deletions))

    def read_event(self, room: str, deletions: list[Deletion], raw: Any) -> Sequence[IncomingMessage]:
        """The messages of an event; what it takes back goes to `deletions`."""
        event = Event.model_validate(raw)
        if event.type == REDACTION and event.gone and not event.is_taken_back:
            deletions.append(Deletion(event.gone, event.at))
        if event.type == ENCRYPTED:
            self.api.learn(room, {"type": "m.room.encryption"})
        if event.type != MESSAGE or event.is_taken_back:
            return ()
        if event.edits:
            return self._edited(room, event)
        if not event.is_spoken:
            raise ValueError(N_("it says nothing"))
        if self.since and event.at and event.at < self.since:
            return ()
        return [*self._above(room, event), self.message(room, event)]

    def message(self, room: str, event: Event) -> IncomingMessage:
        """A message in its conversation: a thread, a chain of answers, or all of a direct room."""
        is_direct = room in self.api.direct
        root = self.roots[event.event_id] = event.thread or self.roots.get(event.above, event.above or event.event_id)
        return message_of(
            event,
            room_id=room,
            room=self.api.room(room),
            thread_id=room if is_direct else root,
            our_id=self.api.our_id,
            name=self.api.name_of(event.sender),
            is_direct=is_direct,
        )

    def _place(self, room: str, raw: Any) -> Place:
        """What an event that cannot be read yet will be read with: its room, who said it, where its conversation began."""
        who, content = words(mapping(raw).get("sender")), mapping(mapping(raw).get("content"))
        event = Event(event_id="", type=MESSAGE, sender=who, content=content)
        with suppress(ConnectorError, *UNREADABLE):
            self._above(room, event)
        roots = {event.above: self.roots.get(event.above, event.above)} if event.above else {}
        return {"room": room, "names": {who: self.api.name_of(who)}, "roots": roots}

    def _edited(self, room: str, edit: Event) -> Sequence[IncomingMessage]:
        """What was edited, with its new words. Whose it is and where it stands only the first event says."""
        if not self.asks:
            raise ValueError(N_("it changes an earlier message, which is asked for again anyway"))
        try:
            raw = self.api.event(room, edit.edits)
        except Gone:
            return ()
        event = Event.model_validate(raw)
        if event.sender != edit.sender or event.is_taken_back or not event.is_spoken:
            return ()
        latest = {"content": dict(edit.content), "sender": edit.sender, "origin_server_ts": edit.origin_server_ts}
        relations = {"m.relations": {"m.replace": latest}, **mapping(event.unsigned)}
        self._above(room, event)
        return (self.message(room, event.model_copy(update={"unsigned": relations})),)

    def _above(self, room: str, event: Event) -> list[IncomingMessage]:
        """Finds where the conversation began; gives what is answered where it is older than the wanted past."""
        found: list[IncomingMessage] = []
        chain, above = [event], event.above
        while above and above not in self.roots and len(chain) < DEEPEST and room not in self.api.direct:
            if not self._may_ask():
                break
            self.asked += 1
            try:
                chain.append(Event.model_validate(self.api.event(room, above)))
            except (Gone, ValueError):
                # Where many answer what is not there, it is asked for once.
                self.roots[above] = above
                break
            above = chain[-1].above
        for older in reversed(chain[1:]):
            message = self.message(room, older)
            if self.since and older.at and older.at < self.since and older.is_spoken and not older.is_taken_back:
                found.append(message)
        return found


def _joined(batches: Sequence[Batch], cursor: Mapping[str, Any]) -> Batch:
    return Batch(
        [message for batch in batches for message in batch.messages],
        [deletion for batch in batches for deletion in batch.deletions],
        [bad for batch in batches for bad in batch.bad],
        sum(batch.filtered for batch in batches),
        cursor,
    )
