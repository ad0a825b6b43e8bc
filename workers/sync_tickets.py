"""Job `sync_tickets`: how pushed ideas stand at their trackers, each read in a thread of its own.

Like `poll`, it waits a moment only, and a slow tracker delays neither others nor other jobs.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from inbox.config import load_settings
from inbox.connectors.contract import N_, ConnectorError, Passing
from inbox.connectors.tracker_contract import TicketState
from inbox.jobs import Job, answered
from inbox.tickets.due import claim, find_due
from inbox.tickets.models import Ticket
from inbox.tickets.sync import sync
from inbox.trackers.read import read
from workers.lanes import Lanes
from workers.opened import open_database, open_vault

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
LANES, PER_HOST = 16, 2


def sync_tickets(patience: float = PATIENCE_SECONDS) -> None:
    """Begin to read every due ticket; returns when all are read, or after `patience` seconds."""
    answered(Job.SYNC_TICKETS)
    _lanes().run(patience)


def go_on() -> None:
    """Begin what is due by now, beside whatever job is done."""
    _lanes().run(0)


def leave(patience: float) -> None:
    """Called when the process ends. What has not been read by then is read when its claim has run out."""
    if _lanes.cache_info().currsize:
        _lanes().close(patience)
        _lanes.cache_clear()


def look(ticket: Ticket) -> TicketState | ConnectorError:
    """What the tracker says, or why it says nothing."""
    try:
        allowed = load_settings().allow_private_addresses
        return read(ticket.tracker, ticket.external_id, open_vault(), allow_private_addresses=allowed)
    except ConnectorError as error:
        return error
    except Exception as error:  # one answer that nobody expected must not keep the other tickets waiting
        log.exception("reading a ticket broke", extra={"ticket": ticket.id})
        return Passing(N_("Reading it broke off unexpectedly (%(fault)s).", fault=type(error).__name__))


def _look(besides: Collection[int], without: Collection[str]) -> Iterable[tuple[int, str]]:
    with open_database().reading() as session:
        return find_due(session, besides=besides, without=without)


def _claim(ids: Collection[int]) -> Mapping[int, Ticket]:
    with open_database().writing() as session:
        return {ticket.id: ticket for ticket in claim(session, ids)}


def _read(ticket: Ticket) -> None:
    seen = look(ticket)
    with open_database().writing() as session:
        sync(session, ticket.id, seen)


@lru_cache(maxsize=1)
def _lanes() -> Lanes[Ticket]:
    return Lanes(_look, _claim, _read, lanes=LANES, per_host=PER_HOST)
