"""Reads lists that platforms give newest first, page by page into the past, until something already seen.

Shared by the connectors whose platform offers no walk forward. No gap when a walk is killed half-way: its position is
part of the cursor, and the next poll first finishes that walk. Items seen before are left out and not counted again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from inbox.connectors.contract import Refused

T = TypeVar("T")
RING = 400  # ids remembered; more than a page, so that late arrivals among them are found
PAGES = 2_000  # a platform that sends ever new pages is not followed for ever


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, newest first: (id, time at the platform, item). `older` leads to the next one."""

    items: Sequence[tuple[str, datetime | None, T]]
    older: str | None


def catch_up(
    read: Callable[[str | None], Page[T]], state: Mapping[str, Any] | None, since: datetime | None
) -> Iterator[tuple[list[T], dict[str, Any]]]:
    """Items not seen before, page by page with the state after each; pages of the past end at `since`.

    `read` takes None for the newest page, else a page's `older`. Within a page the oldest item comes first.
    """
    seen = _texts((state or {}).get("seen"))
    walk = (state or {}).get("walk")
    if isinstance(walk, Mapping) and isinstance(walk.get("older"), str):
        try:
            page = read(walk["older"])
        except Refused:
            # The position has expired; the walk from the top below covers the same ground.
            pass
        else:
            top = _texts(walk.get("top"))
            for fresh, after in _walk(read, page, seen, top, since):
                yield fresh, after
                seen = after["seen"]
    yield from _walk(read, read(None), seen, [], since)


def _walk(
    read: Callable[[str | None], Page[T]], page: Page[T], seen: list[str], top: list[str], since: datetime | None
) -> Iterator[tuple[list[T], dict[str, Any]]]:
    known, met, walked = set(seen), set(top), set[str]()
    while True:
        fresh: list[T] = []
        for name, _at, item in page.items:
            if name not in known and name not in met:
                fresh.append(item)
                top = [*top, name][:RING]
            met.add(name)
        fresh.reverse()
        is_met = any(name in known for name, _at, _item in page.items)
        is_old = since is not None and all(at is not None and at < since for _name, at, _item in page.items)
        is_last = page.older is None or page.older in walked or len(walked) >= PAGES
        if is_met or is_old or is_last or not page.items:
            yield fresh, {"seen": list(dict.fromkeys(top + seen))[:RING]}
            return
        assert page.older is not None
        yield fresh, {"seen": seen, "walk": {"older": page.older, "top": top}}
        walked.add(page.older)
        page = read(page.older)


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
