"""What X's API may cost in a month: every call is paid for before it is made, and what it did not cost is given back.

Money is counted in thousandths of a US dollar. Prices are the declared ones at their dearest, so that the real bill is never
higher; X itself charges a post only once a day. Used by `x` alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import N_, ConnectorError, Memory, OutcomeUnknown, Passing
from inbox.connectors.json_api import mapping

POST, PERSON = 5, 10  # read
ANSWER, ANSWER_WITH_ADDRESS = 15, 200
HIDE, MUTE, UNMUTE = 5, 15, 10


class Spent(Passing):
    """The month's budget does not allow this call; a person may raise it."""


class Bill:
    """One call's costs: at first the most that it can be."""

    def __init__(self, costs: int) -> None:
        self.costs = costs


class Purse:
    """The month's budget of one connection, kept in its memory, so that it is one over all processes."""

    def __init__(self, memory: Memory, dollars: int) -> None:
        self.memory = memory
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
