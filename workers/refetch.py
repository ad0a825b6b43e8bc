"""Job `refetch`: asks again for older messages, ever more rarely, so that late edits and deletions are seen too."""

import logging
import time

from inbox.channels.open import open_connector
from inbox.config import load_settings
from inbox.connectors.contract import ChannelConnector, ConnectorError
from inbox.conversations.ask_again import Asked, claim_asks, settle_asks
from inbox.conversations.attach import attach
from inbox.database import Database
from inbox.jobs import RECIPES, Job, answered
from workers.ask_in_parts import ask_in_parts
from workers.opened import open_database, open_vault

log = logging.getLogger(__name__)


def refetch() -> None:
    """Channel after channel, until nothing is due or half of the job's time is over; one that fails waits for the next ring."""
    answered(Job.REFETCH)
    database, failing, until = open_database(), set[int](), time.monotonic() + RECIPES[Job.REFETCH].seconds / 2
    while time.monotonic() < until:
        with database.writing() as session:
            asked = claim_asks(session, besides=failing)
        if asked is None:
            return
        try:
            connector = open_connector(asked.channel, database, open_vault(), load_settings())
            ask_all(asked, connector, database, until=until)
        except ConnectorError as error:
            log.warning("not asked again", extra={"channel": asked.channel.id, "error": type(error).__name__})
            failing.add(asked.channel.id)


def ask_all(asked: Asked, connector: ChannelConnector, database: Database, *, until: float) -> None:
    """Ask for the claimed messages and store what came, request by request; no transaction waits for the network.

    After `until` (of the monotonic clock) no budget is waited for.
    """
    folder = load_settings().attachments
    for start in range(0, len(asked.known), asked.at_once):
        some = slice(start, start + asked.at_once)
        for ids, said in ask_in_parts(connector, asked.ids[some], asked.known[some], until):
            batch = attach(folder, said)
            with database.writing() as session:
                settle_asks(session, asked, ids, batch)
