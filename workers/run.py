"""`trellis worker`: does the jobs, one after the other, in this very process, so that the model is loaded once."""

import logging
import time
from typing import Any

import click
import redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from inbox.config import load_settings
from inbox.jobs import QueueName, working
from inbox.logs import set_up_logs
from workers.keep_going import keep_going

log = logging.getLogger(__name__)

PAUSE_WITHOUT_VALKEY = 1.0
LONG_MS = 5_000


@click.command("worker")
@click.option("--burst", is_flag=True, help="Stop when no job is waiting.")
def command(burst: bool) -> None:
    """Do jobs until SIGTERM; the job at hand is finished first, a second SIGTERM leaves it."""
    settings = load_settings()
    set_up_logs(settings.log_level, process="worker")
    with keep_going(burst=burst):
        run(settings.redis, burst=burst)


def run(redis_url: str, *, burst: bool = False) -> None:
    """Work on the queues in their order until told to stop. When Valkey goes away it waits for it and starts over."""
    while True:
        # RQ needs to block longer than redis-py's default time-out; it sets its own.
        connection = redis.Redis.from_url(
            redis_url, socket_connect_timeout=2, socket_timeout=None, health_check_interval=15
        )
        queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in QueueName]
        worker = Telling(queues, connection=connection, serializer=JSONSerializer)
        try:
            worker.work(burst=burst, with_scheduler=False, logging_level=None)
        except redis.RedisError as error:
            log.warning("Valkey is away, the worker waits", extra={"error": type(error).__name__})
            if worker._stop_requested:
                return
            time.sleep(PAUSE_WITHOUT_VALKEY)
            continue
        finally:
            connection.close()
        return


class Telling(SimpleWorker):
    """Writes one line per job that did something, took long or failed; a sweep that found nothing is not news."""

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Do one job; whether it went well."""
        started = time.monotonic()
        working(int(job.timeout or 0))
        done: bool = super().perform_job(job, queue)
        working()
        took_ms = round((time.monotonic() - started) * 1000)
        level = logging.INFO if not done or took_ms > LONG_MS or job._result else logging.DEBUG
        log.log(level, "job", extra={"job": job.meta.get("job"), "done": done, "ms": took_ms, "result": job._result})
        return done

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Tell what failed in our own way: a database quotes what it refuses, and that is what somebody wrote."""
        log.error("job failed", exc_info=exc_info[1], extra={"job": job.meta.get("job")})

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        """Keep that it failed, and not in which words."""
        super().handle_job_failure(job, queue, started_job_registry)
