"""What waits for strangers begins in time while a long job is done, or Valkey is away; it ends with the worker.

Around all that a worker does: see `run`.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from workers import poll, refetch, rescue, send, sync_tickets

log = logging.getLogger(__name__)

# As often as the schedule rings for streams.
BEAT_SECONDS = 10.0
# Who stops when no job is waiting lets what was begun come to its end, unless it takes for ever.
BURST_SECONDS = 120.0
# What is leaving when a worker stops is waited for, as its job is; a second SIGTERM leaves both. Reading can be done again.
SENT_SECONDS, READ_SECONDS = 20.0, 1.0


@contextmanager
def keep_going(*, burst: bool) -> Iterator[None]:
    """While inside, whatever is due begins at once and every few seconds; in a `burst` only when its job is rung for."""
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(ended,), daemon=True)
    if not burst:
        # Here, so that each recipe's lanes are there once before two threads ask for them.
        _begin(ended)
        beating.start()
    # Each is left, the last one first, also when the wait for another is cut short.
    with ExitStack() as leaving:
        for recipe in (rescue, sync_tickets, refetch, poll):
            leaving.callback(recipe.leave, BURST_SECONDS if burst else READ_SECONDS)
        leaving.callback(send.leave, BURST_SECONDS if burst else SENT_SECONDS)
        try:
            yield
        finally:
            ended.set()
            if beating.is_alive():
                beating.join(READ_SECONDS)


def _beat(ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        _begin(ended)


def _begin(ended: threading.Event) -> None:
    for recipe in (send, rescue, poll, refetch, sync_tickets):
        # Whoever waited for the database meanwhile would open anew what has been left.
        if ended.is_set():
            return
        try:
            recipe.go_on()
        except Exception:  # the database is away; the next beat tries again
            log.exception("nothing begins for now")
