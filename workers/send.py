"""Job `send`: whatever may leave is claimed, and sent in a thread of its own, so that no platform waits for another one's.

The job itself waits for nobody: what has begun goes on beside the worker's next jobs. No transaction waits for the network.
"""

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from inbox.config import load_settings
from inbox.database import Database
from inbox.jobs import Job, answered
from inbox.outbox.attempt import attempt
from inbox.outbox.carriers import Carriers
from inbox.outbox.claim import LEASE, Claimed, claim
from inbox.outbox.due import find_due, mail_host
from inbox.outbox.open_carriers import open_carriers
from inbox.outbox.outcome import Outcome
from inbox.outbox.settle import settle
from inbox.settlements.spread import spread
from workers.lanes import Lanes
from workers.opened import open_database, open_vault

log = logging.getLogger(__name__)

# Some mail servers take three connections of one account at once, and refuse the fourth.
PER_HOST = 3
# The database may be busy or away for a moment; what a platform has said is not said again.
SETTLE_PAUSES = (0.2, 1.0, 5.0, 15.0)


def send(patience: float = 0.0) -> None:
    """Begin to send everything that is due; returns when all has left, or after `patience` seconds."""
    answered(Job.SEND)
    _lanes().run(patience)


def go_on() -> None:
    """Begin what is due by now, beside whatever job is done."""
    _lanes().run(0)


def leave(patience: float) -> None:
    """Called when the process ends. What has not been answered by then is looked up when its claim has run out."""
    if _lanes.cache_info().currsize:
        left = _lanes().close(patience)
        _lanes.cache_clear()
        for claimed in left:
            log.warning("left while sending", extra={"delivery": claimed.delivery.id})


def outgoing(database: Database, carriers: Carriers, *, lease: timedelta = LEASE) -> Lanes[Claimed]:
    """The lanes in which this database's deliveries leave by these carriers."""

    def look(besides: Collection[int], without: Collection[str]) -> Iterable[tuple[int, str]]:
        with database.reading() as session:
            mails = mail_host(session, load_settings())
            return find_due(session, besides=besides, without=without, mail_host=mails)

    def take(ids: Collection[int]) -> Mapping[int, Claimed]:
        with database.writing() as session:
            return {claimed.delivery.id: claimed for claimed in claim(session, ids, lease=lease)}

    def deliver(claimed: Claimed) -> None:
        outcome = attempt(claimed, carriers)
        log.info("attempt", extra={"delivery": claimed.delivery.id, "result": outcome.result})
        store(database, claimed, outcome)

    return Lanes(look, take, deliver, per_host=PER_HOST)


def store(database: Database, claimed: Claimed, outcome: Outcome) -> None:
    """Settle and spread, again while the database does not take it. Raises its last error; then a look decides."""
    pauses = iter(SETTLE_PAUSES)
    while True:
        try:
            with database.writing() as session:
                spread(session, settle(session, claimed, outcome))
            return
        except (OperationalError, NoConnection) as error:
            if (pause := next(pauses, None)) is None:
                raise
            log.warning("not settled yet", extra={"delivery": claimed.delivery.id, "error": type(error).__name__})
            time.sleep(pause)


@lru_cache(maxsize=1)
def _lanes() -> Lanes[Claimed]:
    return outgoing(open_database(), open_carriers(load_settings(), open_database(), open_vault()))
