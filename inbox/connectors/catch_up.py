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
from inbox.connectors.counted_pages import Proof
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import moment, texts

T = TypeVar("T")
RING = 400  # ids remembered; more than a page, so that late arrivals among them are found
PAGES = 2_000  # a platform that sends ever new pages is not followed for ever
AT_ONCE = 4  # walks over counted pages in one poll; the next one goes on


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
    are counted (a number, an offset), so that a deletion moves items up to pages already read. A walk of several pages is
    then repeated until two in a row agree: the first met no fewer items than it passed, and the second met them all again
    and below the newest page nothing new.
    """
    walk = _Walk(read, state or {}, since, shifts)
    if walk.older is not None:
        try:
            page = read(walk.older)
        except Refused:
            # The position has expired; the walk from the top below covers the same ground.
            walk.proof.next_walk(was_cut_off=True)
        else:
            yield from walk.back(page, is_resumed=True)
    for _ in range(AT_ONCE):
        yield from walk.back(read(None))
        if walk.is_settled:
            return


class _Walk(Generic[T]):
    """One poll: what was known before it, what it met, and how far back it came."""

    def __init__(
        self, read: Callable[[str | None], Page[T]], state: Mapping[str, Any], since: datetime | None, shifts: bool
    ) -> None:
        self.read, self.since, self.shifts = read, since, shifts
        self.seen = texts(state.get("seen"))
        self.until = moment(state.get("at"))  # the newest known item's time
        walk = mapping(state.get("walk"))
        self.older = walk["older"] if isinstance(walk.get("older"), str) else None
        self.top = texts(walk.get("top"))
        self.newest = moment(walk.get("at"))
        self.proof = Proof(map(_mark, self.seen + self.top), walk)
        self.is_settled = False

    def back(self, page: Page[T], *, is_resumed: bool = False) -> Iterator[tuple[list[T], dict[str, Any]]]:
        """From `page` into the past until something known from before this walk."""
        known, walked, is_top = set(self.seen), set[str](), not is_resumed
        self.is_settled = False
        while True:
            is_last = self._is_end(page, known, walked)
            fresh = self._fresh(page, is_top=is_top, is_last=is_last)
            self.older = None if is_last else page.older
            if self.older is None:
                break
            yield fresh, self._state()
            if self.shifts and self.proof.is_whole and self.proof.is_short:
                yield self._fresh(self.read(None), is_top=True), self._state()
            walked.add(self.older)
            page, is_top = self.read(self.older), False
        is_one_page, is_endless = is_top and is_last, len(walked) >= PAGES
        if not self.shifts or is_one_page or is_endless or self.proof.holds or self.proof.is_hopeless:
            self._settle()
        else:
            self.proof.next_walk()
        yield fresh, self._state()

    def _fresh(self, page: Page[T], *, is_top: bool, is_last: bool = False) -> list[T]:
        marks = [_mark(name) for name, _at, _item in page.items]
        new = self.proof.meet(marks, is_top=is_top, is_last=is_last)
        fresh = [(name, item) for (name, _at, item), is_new in zip(page.items, new, strict=True) if is_new]
        names = [name for name, _item in fresh]
        self.top = (names + self.top if is_top else self.top + names)[:RING]
        self.newest = max(filter(None, (self.newest, *(at for _name, at, _item in page.items))), default=None)
        return [item for _name, item in reversed(fresh)]

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
        self.older, self.top, self.is_settled = None, [], True
        self.proof = Proof(map(_mark, self.seen), {})

    def _state(self) -> dict[str, Any]:
        at = {"at": self.until.isoformat()} if self.until else {}
        if self.is_settled:
            return {"seen": self.seen, **at}
        newest = {"at": self.newest.isoformat()} if self.newest else {}
        proof = self.proof.state() if self.shifts else {}
        return {"seen": self.seen, **at, "walk": {"older": self.older, "top": self.top, **newest, **proof}}


def _mark(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=6).hexdigest()
