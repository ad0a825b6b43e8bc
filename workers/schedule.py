"""`trellis scheduler`: rings for each job as often as its recipe says. It holds nothing; what is due stands in the database."""

import heapq
import logging
import signal
import threading
import time

import click

from inbox.config import load_settings
from inbox.jobs import RECIPES, Job, ring
from inbox.logs import set_up_logs

log = logging.getLogger(__name__)

PAUSE_WITHOUT_VALKEY = 5.0


@click.command("scheduler")
def command() -> None:
    """Ring for jobs that are due, until SIGTERM. Two schedulers do no harm: each job may be run twice."""
    set_up_logs(load_settings().log_level, process="scheduler")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    schedule(ended)


def schedule(ended: threading.Event) -> None:
    """Ring for every job at once, then each at its own pace, until `ended` is set. Survives an absent Valkey."""
    waiting = [(time.monotonic(), job) for job, recipe in RECIPES.items() if recipe.every]
    heapq.heapify(waiting)
    while not ended.is_set():
        due_at, job = waiting[0]
        if ended.wait(max(0.0, due_at - time.monotonic())):
            return
        if not ring(job):
            log.warning("Valkey is away, jobs wait", extra={"job": job, "seconds": PAUSE_WITHOUT_VALKEY})
            ended.wait(PAUSE_WITHOUT_VALKEY)
            continue
        # From now, not from when it was due: after a sleep of the machine nothing is caught up.
        heapq.heapreplace(waiting, (time.monotonic() + _every(job), job))


def _every(job: Job) -> int:
    return RECIPES[job].every or 0
