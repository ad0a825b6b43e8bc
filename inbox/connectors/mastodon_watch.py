"""Keeps an eye on the last messages read from a Mastodon server: once an hour it asks what was edited or deleted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import (
    Batch,
    ConnectorError,
    Deletion,
    Gone,
    IncomingMessage,
    NeedsPerson,
    RateLimited,
    Refused,
)
from inbox.connectors.json_api import own_words, segment
from inbox.connectors.mastodon_api import MastodonApi, Us
from inbox.connectors.mastodon_read import Status, message_of
from inbox.connectors.read_each import UNREADABLE

WATCHED = 200
EVERY = timedelta(hours=1)
AT_ONCE = 20
SINGLY = 30  # how many are asked for one by one in one round


class Watch:
    """Built from a cursor; `state` is what of it belongs into the next one."""

    def __init__(self, api: MastodonApi, us: Us, cursor: Mapping[str, Any]) -> None:
        self.api = api
        self.us = us
        # id → (thread, stamp of the words), least recently looked at first
        self.threads: dict[str, tuple[str, str]] = {}
        for entry in cursor.get("watched") or ():
            if isinstance(entry, list | tuple) and len(entry) == 3 and all(isinstance(part, str) for part in entry):
                self.threads[entry[0]] = (entry[1], entry[2])
        self.looked_at = str(cursor.get("looked_at") or now().isoformat())

    @property
    def state(self) -> dict[str, Any]:
        return {"watched": [[name, *entry] for name, entry in self.threads.items()], "looked_at": self.looked_at}

    def add(self, messages: Iterable[IncomingMessage]) -> None:
        """Watch these too; of more than 200 those that were added first are let go."""
        for message in messages:
            if isinstance(message.raw, Mapping):
                self.threads[message.external_id] = (message.thread_id, Status.model_validate(message.raw).stamp)
        self.threads = dict(list(self.threads.items())[-WATCHED:])

    def look_again(self) -> Iterator[Batch]:
        """Edits and deletions, if an hour has passed. Batches come without cursor: take `state` after each."""
        try:
            is_due = datetime.fromisoformat(self.looked_at) <= now() - EVERY
        except (ValueError, TypeError):
            is_due = True
        if not is_due:
            return
        names = list(self.threads)
        found = statuses_by_id(self.api, names)
        if found is None:
            found, names = {}, names[:SINGLY]
        deletions = self._ask_for_each([name for name in names if name not in found][:SINGLY], found)
        self.looked_at = now().isoformat()
        yield Batch(messages=list(self._edited(found)), deletions=deletions)

    def _ask_for_each(self, names: list[str], found: dict[str, Any]) -> list[Deletion]:
        """Not being listed is no proof of being gone; being asked for and not there is. One failure spoils nothing."""
        deletions: list[Deletion] = []
        failure: ConnectorError | None = None
        for name in names:
            # To the end of the line, so that the next round asks for others.
            self.threads[name] = self.threads.pop(name)
            try:
                with own_words():
                    found[name] = self.api.get(f"/api/v1/statuses/{segment(name)}")
            except Gone:
                deletions.append(Deletion(name))
                del self.threads[name]
            except RateLimited:
                raise
            except ConnectorError as error:
                if failure and not deletions and not any(asked in found for asked in names):
                    # Two failures and no success: it is the server, not the message.
                    raise
                failure = error
        return deletions

    def _edited(self, found: Mapping[str, Any]) -> Iterator[IncomingMessage]:
        for name, raw in found.items():
            thread_id, stamp = self.threads.get(name, ("", ""))
            try:
                fresh = Status.model_validate(raw)
                if thread_id and fresh.id == name and fresh.stamp != stamp:
                    self.threads[name] = (thread_id, fresh.stamp)
                    message = message_of(raw, domain=self.us.domain, our_id=self.us.id, thread_id=thread_id)
                    yield replace(message, edited_at=message.edited_at or now())
            except UNREADABLE:
                # It was readable before; the next look tells.
                continue


def statuses_by_id(api: MastodonApi, names: Sequence[str]) -> dict[str, Any] | None:
    """What is there of these, or None when the server cannot be asked for several (Mastodon before 4.3, other servers)."""
    found: dict[str, Any] = {}
    for start in range(0, len(names), AT_ONCE):
        try:
            answer = api.get("/api/v1/statuses", {"id[]": names[start : start + AT_ONCE]})
        except (Refused, NeedsPerson):
            return None
        if not isinstance(answer, list):
            return None
        found.update((str(raw["id"]), raw) for raw in answer if isinstance(raw, dict) and "id" in raw)
    return found
