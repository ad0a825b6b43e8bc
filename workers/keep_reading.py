"""Streams begin to be read in time while a long job is done, or Valkey is away; at the end what is read is given back.

Around all that a worker does: see `run`.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workers import poll, refetch

log = logging.getLogger(__name__)

# As often as the schedule rings for streams.
BEAT_SECONDS = 10.0
# Who stops when no job is waiting lets what was begun come to its end, unless it takes for ever.
BURST_SECONDS = 120.0


@contextmanager
def keep_reading(*, burst: bool) -> Iterator[None]:
    """While inside, whatever is due begins every few seconds; in a `burst` only when its job is rung for."""
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(ended,), daemon=True)
    if not burst:
        beating.start()
    try:
        yield
    finally:
        ended.set()
        if beating.is_alive():
            beating.join(poll.PATIENCE_SECONDS)
        for recipe in (poll, refetch):
            recipe.leave(BURST_SECONDS if burst else recipe.PATIENCE_SECONDS)


def _beat(ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        for recipe in (poll, refetch):
            try:
                recipe.go_on()
            except Exception:  # the database is away; the next beat tries again
                log.exception("nothing begins for now")
