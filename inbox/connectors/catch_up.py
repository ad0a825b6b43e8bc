"""Reads lists that platforms give newest first, page by page into the past, until something already seen.

Shared by the connectors whose platform offers no walk forward. No gap when a walk is killed half-way: its position is
part of the cursor, and the next poll first finishes that walk. Items seen before are left out and not counted again.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from inbox.connectors.contract import Refused
from inbox.connectors.lenient import moment, whole_number

T = TypeVar("T")
RING = 400  # ids remembered; more than a page, so that late arrivals among them are found
PAGES = 2_000  # a platform that sends ever new pages is not followed for ever
MET = 20_000  # of counted pages, what a repeated walk has met already: twelve characters each
PASSES = 4  # how often a walk over counted pages is repeated while items still move


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, newest first: (id, time at the platform, item). `older` leads to the next one."""

    items: Sequence[tuple[str, datetime | None, T]]
    older: str | None


def catch_up(
    read: Callable[[str | None], Page[T]],
    state: Mapping[str, Any] | None,
    since: datetime | None,
    *,
    shifts: bool = False,
) -> Iterator[tuple[list[T], dict[str, Any]]]:
    """Items not seen before, page by page with the state after each; pages of the past end at `since`.

    `read` takes None for the newest page, else a page's `older`. Within a page the oldest item comes first. `shifts`: pages
    are counted (a number, an offset), so that a deletion moves items up to pages already read; then a walk of several
    pages is repeated until it brings nothing.
    """
    walk = _Walk(read, state or {}, since, shifts)
    if walk.older is not None:
        try:
            page = read(walk.older)
        except Refused:
            # The position has expired; the walk from the top below covers the same ground.
            pass
        else:
            yield from walk.back(page, is_resumed=True)
    yield from walk.back(read(None))
    while not walk.is_settled:
        yield from walk.back(read(None))


class _Walk(Generic[T]):
    """One poll: what was known before it, what it met, and how far back it came."""

    def __init__(
        self, read: Callable[[str | None], Page[T]], state: Mapping[str, Any], since: datetime | None, shifts: bool
    ) -> None:
        self.read, self.since, self.shifts = read, since, shifts
        self.seen = _texts(state.get("seen"))
        self.until = moment(state.get("at"))  # the newest known item's time
        walk = state.get("walk")
        walk = walk if isinstance(walk, Mapping) else {}
        self.older = walk["older"] if isinstance(walk.get("older"), str) else None
        self.top = _texts(walk.get("top")) if self.older is not None else []
        self.newest = moment(walk.get("at")) if self.older is not None else None
        self.met = {*map(_mark, self.top), *_texts(walk.get("met"))}
        # Of counted pages: how often they were walked, and whether this time brought something.
        self.passes = whole_number(walk.get("passes"))
        self.brings = bool(walk.get("brings"))
        self.is_settled = False

    def back(self, page: Page[T], *, is_resumed: bool = False) -> Iterator[tuple[list[T], dict[str, Any]]]:
        """From `page` into the past until something known from before this walk."""
        known, walked = set(self.seen), set[str]()
        self.brings = self.brings and is_resumed
        while True:
            fresh = self._fresh(page, known)
            self.brings = self.brings or bool(fresh)
            if not self._is_end(page, known, walked):
                assert page.older is not None
                self.older = page.older
                yield fresh, self._state()
                walked.add(page.older)
                page = self.read(page.older)
                continue
            self.passes += 1
            is_one_page = not walked and not is_resumed
            self.is_settled = not self.shifts or is_one_page or not self.brings or self.passes >= PASSES
            if self.is_settled:
                self._settle()
            yield fresh, self._state()
            return

    def _fresh(self, page: Page[T], known: set[str]) -> list[T]:
        fresh: list[T] = []
        for name, at, item in page.items:
            mark = _mark(name)
            if name not in known and mark not in self.met:
                fresh.append(item)
                self.top = [*self.top, name][:RING]
            self.met.add(mark)
            if at is not None and (self.newest is None or at > self.newest):
                self.newest = at
        fresh.reverse()
        return fresh

    def _is_end(self, page: Page[T], known: set[str], walked: set[str]) -> bool:
        if page.older is None or page.older in walked or len(walked) >= PAGES or not page.items:
            return True
        if self.since is not None and all(at is not None and at < self.since for _name, at, _item in page.items):
            return True
        last_at = page.items[-1][1]
        # Of items of one moment, a known one may come first and a new one only on the next page.
        is_below = self.until is None or last_at is None or last_at < self.until
        return is_below and any(name in known for name, _at, _item in page.items)

    def _settle(self) -> None:
        self.seen = list(dict.fromkeys(self.top + self.seen))[:RING]
        self.until = max(filter(None, (self.until, self.newest)), default=None)
        self.older, self.top, self.passes, self.brings = None, [], 0, False

    def _state(self) -> dict[str, Any]:
        at = {"at": self.until.isoformat()} if self.until else {}
        if self.older is None:
            return {"seen": self.seen, **at}
        newest = {"at": self.newest.isoformat()} if self.newest else {}
        passed = {"passes": self.passes, "brings": self.brings, "met": list(self.met)[:MET]} if self.shifts else {}
        return {"seen": self.seen, **at, "walk": {"older": self.older, "top": self.top, **newest, **passed}}


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _mark(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=6).hexdigest()
