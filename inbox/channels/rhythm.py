"""How long a stream rests: what it brought last time says whether it is looked at sooner or later than declared."""

import random

from inbox.channels.models import Pause, Stream

SHORTEST_SECONDS = 15.0
QUIET_SECONDS = 1800.0
CLOSER, FARTHER = 0.5, 1.5
MOST_OFTEN, LEAST_OFTEN = 0.25, 8


def next_pause(stream: Stream, *, stored: int, has_more: bool) -> float:
    """Seconds until the next look, noted on the stream with the reason.

    A stream that brings something comes closer, at most to a quarter of `every` and 15 seconds; one that brings nothing
    backs off, at most to eight times `every` and half an hour. Where `every` itself is beyond these, it is the limit.
    """
    if has_more:
        stream.pause = Pause.MORE
        return 0.0
    every = float(stream.every)
    before = stream.pause_seconds or every
    if stream.last_success_at is None:
        # The first look fetches the past, which says nothing of the present.
        pause = every
    elif stored:
        pause = max(before * CLOSER, min(every, max(every * MOST_OFTEN, SHORTEST_SECONDS)))
    else:
        pause = min(before * FARTHER, max(every, min(every * LEAST_OFTEN, QUIET_SECONDS)))
    stream.pause_seconds = pause
    stream.pause = Pause.BUSY if pause < every else Pause.QUIET if pause > every else Pause.STEADY
    # Jitter, so that streams connected together do not knock together for ever.
    return pause * random.uniform(0.9, 1.1)
