"""What X's API may cost in a month: every call is paid for before it is made, and what it did not cost is given back.

Money is counted in thousandths of a US dollar. Of the prices in the channel's settings the dearest counts, so that the real
bill is never higher; X itself charges a post only once a day. Used by `x` alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from inbox.clock import now
from inbox.connectors.contract import N_, ConnectorError, Memory, OutcomeUnknown, Passing
from inbox.connectors.json_api import mapping

# As X listed them in August 2026.
LISTED = "post 5, person 10, answer 15, link 200, hide 5, mute 15, unmute 10"


class Prices(NamedTuple):
    """What X charges, in thousandths of a US dollar: for a post and a person read, an answer, one with a link, and acts."""

    post: int
    person: int
    answer: int
    link: int
    hide: int
    mute: int
    unmute: int

    @property
    def whole_post(self) -> int:
        """A post with its author, what it refers to, and no more."""
        return 2 * self.post + self.person


def read_prices(text: str) -> Prices:
    """The prices written as in LISTED. Raises ValueError when one is missing, unknown or none."""
    pairs = [pair.rpartition(" ") for pair in text.replace(":", " ").split(",") if pair.strip()]
    found = {name.strip().casefold(): price for name, _, price in pairs}
    are_numbers = all(price.isascii() and price.isdigit() and len(price) < 7 for price in found.values())
    if found.keys() != set(Prices._fields) or len(pairs) != len(found) or not are_numbers:
        raise ValueError(N_("must give a whole number for each, as in: %(listed)s", listed=LISTED))
    return Prices(**{name: int(price) for name, price in found.items()})


class Spent(Passing):
    """The month's budget does not allow this call; a person may raise it."""


class Bill:
    """One call's costs: at first the most that it can be."""

    def __init__(self, costs: int) -> None:
        self.costs = costs


class Purse:
    """The month's budget of one connection, kept in its memory, so that it is one over all processes."""

    def __init__(self, memory: Memory, dollars: int, prices: str = LISTED) -> None:
        self.memory = memory
        self.prices = read_prices(prices)
        self.budget = dollars * 1_000
        self.dollars = dollars

    @property
    def left(self) -> int:
        """What may still be spent this month."""
        return max(0, self.budget - _spent(self.memory.load()))

    @contextmanager
    def pay(self, at_most: int) -> Iterator[Bill]:
        """For one call. Raises Spent before it when it could cost more than is left.

        A change whose outcome is not known counts as made. What failed costs nothing: a post whose reading got lost is
        counted when it is read again, and X charges for it once a day.
        """
        self._take(at_most)
        bill = Bill(at_most)
        try:
            yield bill
        except OutcomeUnknown:
            raise
        except ConnectorError:
            bill.costs = 0
            raise
        finally:
            if bill.costs != at_most:
                self._book(bill.costs - at_most)

    def refusal(self) -> Spent:
        """The words for a budget that is used up."""
        begin = _next_month(now())
        return Spent(
            N_(
                "The budget of $%(dollars)s for this month is used up, so X is not asked any more. "
                "Raise it in the channel's settings, or wait until %(day)s.",
                dollars=self.dollars,
                day=f"{begin:%Y-%m-%d}",
            ),
            retry_after=(begin - now()).total_seconds(),
        )

    def _take(self, costs: int) -> None:
        with self.memory.alone():
            if _spent(self.memory.load()) + costs > self.budget:
                raise self.refusal()
            self._write(costs)

    def _book(self, costs: int) -> None:
        with self.memory.alone():
            self._write(costs)

    def _write(self, costs: int) -> None:
        state = self.memory.load()
        spent = {"month": _month(now()), "costs": max(0, _spent(state) + costs)}
        self.memory.save({**state, "spent": spent})


def _spent(state: dict[str, Any]) -> int:
    kept = mapping(state.get("spent"))
    costs = kept.get("costs")
    return costs if kept.get("month") == _month(now()) and isinstance(costs, int) else 0


def _month(at: datetime) -> str:
    return f"{at:%Y-%m}"


def _next_month(at: datetime) -> datetime:
    begin = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (begin + timedelta(days=32)).replace(day=1)
