"""How many streams are read at once: eight quick ones, and beside them those of channels whose platform takes its time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

QUICK, SLOW = 8, 24
# Quick platforms answer within a fraction of it; whoever takes longer stands in nobody's way any more.
PATIENCE_SECONDS = 1.0


@dataclass
class Lanes:
    """What is read in this process, by stream: its channel and since when. A channel is slow until it is quick again."""

    clock: Callable[[], float] = time.monotonic
    reading: dict[int, tuple[int, float]] = field(default_factory=dict)
    slow: set[int] = field(default_factory=set)

    def begin(self, stream_id: int, channel_id: int) -> None:
        """The stream is read from now on."""
        self.reading[stream_id] = (channel_id, self.clock())

    def end(self, stream_id: int) -> None:
        """It has been read, or given up."""
        channel_id, began = self.reading.pop(stream_id)
        if self.clock() - began <= PATIENCE_SECONDS:
            self.slow.discard(channel_id)
        else:
            self.slow.add(channel_id)

    def free(self) -> tuple[int, int]:
        """How many more quick ones may begin, and how many slow ones."""
        late = self.clock() - PATIENCE_SECONDS
        self.slow.update(channel_id for channel_id, began in self.reading.values() if began < late)
        slow = sum(channel_id in self.slow for channel_id, _began in self.reading.values())
        return max(0, QUICK - (len(self.reading) - slow)), max(0, SLOW - slow)
