"""One measured figure beside its bound, and how times are taken."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its bound, in the same unit."""

    name: str
    value: float
    unit: str
    bound: float

    def line(self) -> str:
        """As one JSON line."""
        ratio = self.value / self.bound if self.bound else 0.0
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 3),
                "unit": self.unit,
                "bound": round(self.bound, 3),
                "ratio": round(ratio, 3),
            }
        )


def seconds(act: Callable[[], Any]) -> float:
    """How long it takes once."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def milliseconds_of(one: Callable[[], Any], other: Callable[[], Any], *, times: int = 25) -> tuple[float, float]:
    """The medians of both, taken in turns, so that what else the machine does meets both alike."""
    one(), other()  # warm
    pairs = [(seconds(one), seconds(other)) for _ in range(times)]
    return statistics.median(pair[0] for pair in pairs) * 1000, statistics.median(pair[1] for pair in pairs) * 1000
