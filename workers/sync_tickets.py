"""Reads how pushed ideas stand at their trackers. The network is asked outside of any transaction."""

import logging

from inbox.config import load_settings
from inbox.connectors.contract import N_, ConnectorError, Passing
from inbox.connectors.tracker_contract import TicketState
from inbox.jobs import Job, answered
from inbox.tickets.due import due
from inbox.tickets.models import Ticket
from inbox.tickets.sync import sync
from inbox.trackers.read import read
from workers.opened import open_database, open_vault

log = logging.getLogger(__name__)


def sync_tickets() -> int:
    """The job: every due ticket is read once; returns how many. Safe to run twice: a due ticket is claimed for a while."""
    answered(Job.SYNC_TICKETS)
    database, count = open_database(), 0
    while True:
        with database.writing() as session:
            tickets = due(session)
        if not tickets:
            return count
        for ticket in tickets:
            seen = look(ticket)
            with database.writing() as session:
                sync(session, ticket.id, seen)
            count += 1


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
