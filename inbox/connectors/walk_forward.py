"""Reads a platform's queue forward from a position it gave us itself: an update's number, a smallest id, a sync token.

Shared by the connectors whose platform shows things in the order of their positions. Going on from a position tells some
platforms that all before it may be forgotten; so the next page is asked for only after the caller has kept the last one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from inbox.connectors.contract import Refused

T = TypeVar("T")
PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """What lies behind a position, in any order, and the position behind all of it; None: as before."""

    items: Sequence[T]
    after: str | None
    is_last: bool = False  # the platform says, or a page that is not full shows, that there is no more


def walk_forward(
    read: Callable[[str | None], Step[T]], state: Mapping[str, Any] | None
) -> Iterator[tuple[list[T], dict[str, Any]]]:
    """Everything behind the state's position, page by page with the state after each.

    `read` takes None where there is no position yet, or none that the platform still knows.
    """
    told = (state or {}).get("after")
    position = told if isinstance(told, str) and told else None
    try:
        step = read(position)
    except Refused:
        if position is None:
            raise
        position = None
        step = read(None)
    for _ in range(PAGES):
        is_last = step.is_last or not step.items or step.after in {None, position}
        position = step.after or position
        yield list(step.items), {} if position is None else {"after": position}
        if is_last:
            return
        step = read(position)
