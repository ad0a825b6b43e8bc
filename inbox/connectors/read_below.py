"""Reads what hangs below many things (comments below posts, messages of conversations), newest first until known.

Shared by the connectors whose platform has no list of all comments. A thing is looked into when its mark (how many, changed
when) is another one, and where the marks do not tell of edits, once an hour in any case. Its walk and its mark are part of
the cursor, so that nothing is lost when a poll is killed half-way.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from inbox.clock import now
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Gone
from inbox.connectors.json_api import mapping

T = TypeVar("T")
P = TypeVar("P")
LOOK_EVERY = timedelta(hours=1)
REMEMBERED = 150  # children of one parent; more than a page has


@dataclass(frozen=True, slots=True)
class Parent(Generic[P]):
    """Something that things hang below. `mark` changes with them; empty says that there are none."""

    name: str
    mark: str
    row: P


def read_below(
    parents: Sequence[Parent[P]],
    children: Callable[[Parent[P], str | None], Page[T]],
    state: Mapping[str, Any],
    since: datetime | None,
    *,
    looks_again: bool = True,
) -> Iterator[tuple[Parent[P], list[T], dict[str, Any]]]:
    """Each parent's children not seen before, page by page with the state after it; of parents not given, nothing is kept.

    `children` reads a page of at most a hundred, newest first. A child that was edited should come under another name.
    """
    before = mapping(state.get("below"))
    below = {parent.name: mapping(before[parent.name]) for parent in parents if parent.name in before}
    for parent in parents:
        kept = mapping(below.get(parent.name))
        if not _is_due(parent, kept, looks_again=looks_again):
            continue
        try:
            for fresh, walked in catch_up(lambda older: _named_shortly(children(parent, older)), kept, since):  # noqa: B023
                is_over = "walk" not in walked
                mark = (
                    {"mark": parent.mark, "looked": int(now().timestamp())} if is_over else {"mark": kept.get("mark")}
                )
                below[parent.name] = {**walked, "seen": walked["seen"][:REMEMBERED], **mark}
                yield parent, fresh, {"below": dict(below)}
        except Gone:
            # One that has just been deleted keeps nobody from the others.
            continue


def _is_due(parent: Parent[Any], kept: Mapping[str, Any], *, looks_again: bool) -> bool:
    is_changed = kept.get("mark") != parent.mark or "walk" in kept
    if not parent.mark or is_changed or not looks_again:
        return bool(parent.mark) and is_changed
    looked = kept.get("looked")
    return not isinstance(looked, int) or datetime.fromtimestamp(min(looked, 4e9), UTC) <= now() - LOOK_EVERY


def _named_shortly(page: Page[T]) -> Page[T]:
    # Fifty posts with their comments' whole ids would make a heavy cursor.
    rows = [(hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12], at, row) for name, at, row in page.items]
    return Page(rows, page.older)
