"""Asks once an hour for the latest messages again, and tells which of them were edited or deleted.

Shared by the connectors whose platform tells of neither, but gives messages by id. What is watched is part of the cursor.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, IncomingMessage, Known
from inbox.connectors.lenient import moment, words

EVERY = timedelta(hours=1)
WATCHED = 200

Refetch = Callable[[Sequence[Known]], Batch]


class LookAgain:
    """Built from a cursor; `state` is what of it belongs into the next one."""

    def __init__(self, cursor: Mapping[str, Any], *, watched: int = WATCHED) -> None:
        self.most = watched
        self.watched: dict[str, tuple[Known, str]] = {}
        entries = cursor.get("watched")
        for each in entries if isinstance(entries, list) else []:
            if isinstance(each, list | tuple) and [type(part) for part in each] == [str, str, str, dict]:
                name, thread_id, mark, handle = each
                self.watched[name] = (Known(name, thread_id, handle), mark)
        self.looked_at = words(cursor.get("looked_at")) or now().isoformat()

    @property
    def state(self) -> dict[str, Any]:
        entries = [
            [known.external_id, known.thread_id, mark, dict(known.handle)] for known, mark in self.watched.values()
        ]
        return {"watched": entries, "looked_at": self.looked_at}

    def add(self, messages: Iterable[IncomingMessage]) -> None:
        """Watch these too, as they are now; those that were added first are let go."""
        for message in messages:
            known = Known(message.external_id, message.thread_id, message.reply_handle)
            self.watched[message.external_id] = (known, _mark(message))
        self.watched = dict(list(self.watched.items())[-self.most :])

    def look(self, refetch: Refetch, *, at_once: int) -> Iterator[Batch]:
        """What changed, if an hour has passed; at most `at_once` are asked for in one go. Batches lack the cursor."""
        looked_at = moment(self.looked_at)
        if looked_at is not None and looked_at > now() - EVERY:
            return
        self.looked_at = now().isoformat()
        everything = [known for known, _mark in self.watched.values()]
        for start in range(0, len(everything), at_once):
            again = refetch(everything[start : start + at_once])
            changed = [message for message in again.messages if self._is_changed(message)]
            self.add(changed)
            for deletion in again.deletions:
                self.watched.pop(deletion.external_id, None)
            if changed or again.deletions:
                yield Batch(changed, again.deletions)

    def _is_changed(self, message: IncomingMessage) -> bool:
        before = self.watched.get(message.external_id)
        return before is not None and before[1] != _mark(message)


def _mark(message: IncomingMessage) -> str:
    return hashlib.sha256(message.text.encode("utf-8", "replace")).hexdigest()[:12]
