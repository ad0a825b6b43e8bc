"""Every job by name, in pipeline order. Edges and verbs ring for a job; it starts after the commit, or at its next tick."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from inbox.config import load_settings

log = logging.getLogger(__name__)


class QueueName(StrEnum):
    """Queues in the order in which a worker empties them."""

    URGENT = "urgent"
    DEFAULT = "default"
    SLOW = "slow"


@dataclass(frozen=True)
class Recipe:
    """Where a job's code is, on which queue it waits, how long it may run, how often the schedule rings for it."""

    path: str
    queue: QueueName = QueueName.DEFAULT
    seconds: int = 300
    every: int | None = None


class Job(StrEnum):
    """The jobs. Each drains what is due in the database, takes no arguments or ids, and may be run twice."""

    POLL = "poll"
    REFETCH = "refetch"
    CLASSIFY = "classify"
    EXPLAIN = "explain"
    SEND = "send"
    RESCUE = "rescue"
    WAKE_SNOOZED = "wake_snoozed"
    SYNC_TICKETS = "sync_tickets"
    DIGEST = "digest"
    RETRAIN = "retrain"
    TIDY = "tidy"


RECIPES: dict[Job, Recipe] = {
    Job.POLL: Recipe("workers.poll.poll", seconds=600, every=10),
    Job.REFETCH: Recipe("workers.refetch.refetch", QueueName.SLOW, seconds=300, every=60),
    Job.CLASSIFY: Recipe("workers.classify.classify", seconds=600, every=15),
    Job.EXPLAIN: Recipe("workers.explain.explain", QueueName.URGENT, seconds=30),
    Job.SEND: Recipe("workers.send.send", QueueName.URGENT, seconds=300, every=5),
    Job.RESCUE: Recipe("workers.rescue.rescue", every=60),
    Job.WAKE_SNOOZED: Recipe("workers.wake_snoozed.wake_snoozed", every=60),
    Job.SYNC_TICKETS: Recipe("workers.sync_tickets.sync_tickets", every=300),
    Job.DIGEST: Recipe("workers.digest.digest", QueueName.SLOW, seconds=900, every=300),
    Job.RETRAIN: Recipe("workers.retrain.retrain", QueueName.SLOW, seconds=60, every=60),
    Job.TIDY: Recipe("workers.tidy.tidy", QueueName.SLOW, every=3600),
}


# What failed stands in the log. Kept for a week, a database that is away for two days would fill the embedded Valkey.
FAILED_SECONDS = 3_600
WORKING = "trellis:working"
# The schedule rings every five; who has not answered by then is told of within a minute.
REST_SECONDS = 45


@lru_cache(maxsize=1)
def doorbell() -> "redis.Redis":
    """The connection that rings for jobs. It gives up at once when Valkey is away: the sweepers find the work anyway."""
    return redis.Redis.from_url(
        load_settings().redis, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1, socket_timeout=2
    )


def ring(job: Job, *arguments: int) -> bool:
    """Queue `job` now. One waiting ring per job and arguments is enough, so a second is dropped. False when Valkey is away."""
    recipe = RECIPES[job]
    try:
        connection = doorbell()
        # Dropped again by the worker as it starts the job (see `answered`), so a ring during a run leads to one more run.
        if not connection.set(_waiting(job, arguments), "1", nx=True, ex=recipe.seconds):
            return True
        Queue(recipe.queue, connection=connection, serializer=JSONSerializer).enqueue(
            recipe.path,
            *arguments,
            job_timeout=recipe.seconds,
            result_ttl=0,
            failure_ttl=FAILED_SECONDS,
            meta={"job": job},
        )
    except redis.RedisError as error:
        log.warning("doorbell is away, the sweep will find it", extra={"job": job, "error": type(error).__name__})
        return False
    return True


def answered(job: Job, *arguments: int) -> None:
    """Called by a job's recipe as it begins: from here on a new ring queues a new run."""
    try:
        doorbell().delete(_waiting(job, arguments))
    except redis.RedisError:
        log.warning("doorbell is away", extra={"job": job})


def working(seconds: int = 0) -> None:
    """Called by a worker around each job: somebody rings and somebody answers, for a while after these `seconds`."""
    try:
        doorbell().set(WORKING, "1", ex=seconds + REST_SECONDS)
    except redis.RedisError:
        log.warning("doorbell is away", extra={"job": "working"})


def is_working() -> bool:
    """Whether a job is being done or was a moment ago, so that worker and schedule live. Raises RedisError."""
    return bool(doorbell().exists(WORKING))


def after_commit(session: Session, job: Job, *arguments: int) -> None:
    """Ring for `job` once the session's transaction has been committed; a rollback forgets it."""
    when_committed(session, lambda: ring(job, *arguments), key=(job, *arguments))


def when_committed(session: Session, act: Callable[[], Any], *, key: Any = None) -> None:
    """Call `act` once the transaction has been committed, once per `key`; a rollback forgets it."""
    if "after_commit" not in session.info:
        session.info["after_commit"] = {}
        event.listen(session, "after_commit", _run, once=False)
        event.listen(session, "after_soft_rollback", _forget, once=False)
    session.info["after_commit"][key if key is not None else object()] = act


def _run(session: Session) -> None:
    if session.in_nested_transaction():
        # A savepoint has ended; nobody else sees its rows yet.
        return
    waiting = session.info["after_commit"]
    session.info["after_commit"] = {}
    for act in waiting.values():
        act()


def _forget(session: Session, _previous: Any) -> None:
    session.info["after_commit"] = {}


def _waiting(job: Job, arguments: tuple[int, ...]) -> str:
    return ":".join(["trellis", "rung", job, *map(str, arguments)])
