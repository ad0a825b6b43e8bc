"""Job `poll`: every due stream is claimed, and read in a thread of its own, so that no platform waits for another one's.

The job itself waits a moment only: what is slow goes on beside the worker's next jobs, and lets what is due by then begin.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from sqlalchemy.exc import SQLAlchemyError

from inbox.channels.due import Claimed, ClaimLost, claim, find_due, give_back
from inbox.config import load_settings
from inbox.jobs import Job, answered
from workers.lanes import Lanes
from workers.opened import open_database, open_vault
from workers.read_stream import read_stream

log = logging.getLogger(__name__)

# Whoever is quick has been read by then; nobody else may hold up the worker.
PATIENCE_SECONDS = 1.0


def poll(patience: float = PATIENCE_SECONDS) -> None:
    """Begin to read everything that is due; returns when all is read, or after `patience` seconds."""
    answered(Job.POLL)
    _lanes().run(patience)


def go_on() -> None:
    """Begin what is due by now, beside whatever job is done."""
    _lanes().run(0)


def leave(patience: float = PATIENCE_SECONDS) -> None:
    """Called when the process ends: what is still read after `patience` seconds is given back, so that others go on at once."""
    if not _lanes.cache_info().currsize:
        return
    left = _lanes().close(patience)
    _lanes.cache_clear()
    try:
        if left:
            with open_database().writing() as session:
                give_back(session, left)
    except SQLAlchemyError as error:
        log.warning("streams not given back, their claims run out", extra={"error": type(error).__name__})


def _look(besides: Collection[int], without: Collection[str]) -> Iterable[tuple[int, str]]:
    with open_database().reading() as session:
        return find_due(session, besides=besides, without=without)


def _claim(ids: Collection[int]) -> Mapping[int, Claimed]:
    with open_database().writing() as session:
        return {claimed.stream_id: claimed for claimed in claim(session, ids)}


def _read(claimed: Claimed) -> None:
    try:
        read_stream(claimed, open_database(), open_vault(), load_settings())
    except ClaimLost as lost:
        log.warning("claim lost", extra={"stream": claimed.stream_id, "reason": str(lost)})


@lru_cache(maxsize=1)
def _lanes() -> Lanes[Claimed]:
    return Lanes(_look, _claim, _read)
