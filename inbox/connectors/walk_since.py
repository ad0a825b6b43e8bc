"""Reads lists that a platform gives oldest first from a moment on ("changed since"), however many items share a moment.

Shared by the connectors whose platform filters by time. Each page starts at the newest moment already read, not at a page
number, so that items which change during the walk move nothing out of sight. A moment ahead of our clock is taken for ours,
and one more than a day ahead moves nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from inbox.clock import now
from inbox.connectors.contract import Refused
from inbox.connectors.lenient import moment

T = TypeVar("T")
OVERLAP = timedelta(minutes=2)  # what platforms show late, or by another machine's clock
SETTLED = timedelta(minutes=10)  # so long after its last change a moment gets no more items
AHEAD = timedelta(days=1)
RING = 2_000
PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page, oldest first: (id, time at the platform, item). `further` leads to the next one; None ends the list.

    Where the time is that of the last change, an item that changes comes again, as it should.
    """

    items: Sequence[tuple[str, datetime | None, T]]
    further: str | None


def walk_since(
    read: Callable[[datetime | None, str | None], Slice[T]],
    state: Mapping[str, Any] | None,
    since: datetime | None,
    *,
    overlap: timedelta = OVERLAP,
    grain: timedelta = timedelta(seconds=1),
) -> Iterator[tuple[list[T], dict[str, Any]]]:
    """Items not seen before, page by page with the state after each; the first time from `since`.

    `read(start, further)` gives what happened at `start` or later (None: from the beginning). `grain` is how exact the
    platform's times are.
    """
    walk = _Walk[T](state or {}, since, overlap, grain)
    start, further = walk.begin()
    try:
        page = read(start, further)
    except Refused:
        if further is None:
            raise
        # The position among items of one moment has expired; they are read again.
        further = None
        page = read(start, None)
    walked, brought = set[str](), further is not None
    for _ in range(PAGES):
        fresh, reached = walk.take(page)
        brought = brought or (further is not None and bool(fresh))
        is_last = page.further is None or not page.items or page.further in walked
        is_past = reached is not None and (start is None or reached > start)
        if (is_last or is_past) and brought:
            # Several pages of one moment: what changed meanwhile has moved the others up, so they are read once more.
            further, is_last, brought = None, False, False
            walked.clear()
        elif is_past:
            # From the last moment of this page on, so that nothing can slip between two pages.
            start, further = reached, None
            walked.clear()
        elif page.further is not None:
            further = page.further
            walked.add(further)
        yield fresh, walk.state(start, further, is_last=is_last)
        if is_last:
            return
        page = read(start, further)


class _Walk(Generic[T]):
    """What a state says, and what the next one will say."""

    def __init__(self, state: Mapping[str, Any], since: datetime | None, overlap: timedelta, grain: timedelta) -> None:
        self.overlap, self.grain = overlap, grain
        self.newest = moment(state.get("after")) or since
        self.is_first = moment(state.get("after")) is None
        self.found_at = moment(state.get("found_at")) or now()
        self.start = moment(state.get("from"))  # of a walk that was cut off
        further = state.get("further")
        self.further = further if isinstance(further, str) else None
        self.seen: dict[str, float] = {}
        for entry in state.get("seen") or () if isinstance(state.get("seen"), list) else ():
            if isinstance(entry, list | tuple) and len(entry) == 2 and isinstance(entry[0], str):
                self.seen[entry[0]] = float(entry[1]) if isinstance(entry[1], int | float) else 0.0

    def begin(self) -> tuple[datetime | None, str | None]:
        """Where this poll starts: a little before the newest known moment, or just after it once nothing can follow."""
        if self.start is not None:
            return self.start, self.further
        if self.newest is None or self.is_first:
            return self.newest, None
        is_settled = now() - self.found_at > SETTLED
        start = self.newest + self.grain if is_settled else _earlier(self.newest, self.overlap)
        # One item with a wrong date, or their clock before ours: what comes next may be dated earlier.
        return min(start, _earlier(now(), self.overlap)), None

    def take(self, page: Slice[T]) -> tuple[list[T], datetime | None]:
        """The items of the page that were not seen, and its last moment; from now on they are seen."""
        fresh: list[T] = []
        reached: datetime | None = None
        latest = now() + AHEAD
        for name, at, item in page.items:
            # An item dated into the future must not hide what comes until then.
            happened = at if at is not None and at <= latest else None
            mark = _mark(name, happened)
            if mark not in self.seen:
                fresh.append(item)
            self.seen[mark] = (happened or latest).timestamp()
            reached = max(filter(None, (reached, happened)), default=None)
        if reached is not None and (self.newest is None or reached > self.newest):
            self.newest, self.found_at = reached, now()
        return fresh, reached

    def state(self, start: datetime | None, further: str | None, *, is_last: bool) -> dict[str, Any]:
        """What the next poll, or this one after a kill, goes on from."""
        if start is None:
            return {}
        newest = self.newest or start
        border = _earlier(min(newest if is_last else start, now()), self.overlap).timestamp()
        self.seen = dict([(mark, at) for mark, at in self.seen.items() if at >= border][-RING:])
        rest = {} if is_last else {"from": start.isoformat(), **({"further": further} if further else {})}
        return {
            "after": newest.isoformat(),
            "found_at": self.found_at.isoformat(),
            "seen": [[mark, at] for mark, at in self.seen.items()],
            **rest,
        }


def _mark(name: str, at: datetime | None) -> str:
    return hashlib.sha256(f"{name} {at.timestamp() if at else ''}".encode("utf-8", "replace")).hexdigest()[:12]


def _earlier(at: datetime, span: timedelta) -> datetime:
    try:
        return at - span
    except OverflowError:
        return at
