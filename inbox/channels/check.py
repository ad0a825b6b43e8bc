"""Tries a connection before anything is saved: signs in, and shows whose account it is with its last messages."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from inbox.channels.abilities import described
from inbox.channels.open import NoMemory, surroundings
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import N_, Account, ChannelConnector, ConnectorError, Passing, Setup
from inbox.connectors.deadline import ending
from inbox.connectors.registry import channel_connector

log = logging.getLogger(__name__)

SHOWN = 3
# A person waits for it, and so does a thread of the web server.
PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Checked:
    """A connection that works: whose it is, what it may do, and what its connector noted while it was tried.

    Without `memory` it noted that where it belongs.
    """

    account: Account
    abilities: dict[str, Any] = field(default_factory=dict)
    memory: Mapping[str, Any] | None = None


def check(kind: str, setup: Setup, settings: Settings, *, is_polled: bool = False) -> Checked:
    """The connection behind `setup`, with its newest three messages. Speaks to the network, stores nothing.

    `is_polled` says that a channel reads there already.

    Raises ConnectorError and nothing else: its text says what is wrong and what to do.
    """
    memory = NoMemory()
    checked = look(channel_connector(kind)(setup, surroundings(memory, settings, is_polled=is_polled)))
    return replace(checked, memory=memory.state)


def look(connector: ChannelConnector) -> Checked:
    """The connection of an opened connector, which keeps its own memory. Raises ConnectorError and nothing else."""
    try:
        with ending(now() + PATIENCE):
            account = connector.check()
        shown = Account(account.name, account.external_id, account.url, tuple(account.latest[:SHOWN]))
        return Checked(shown, described(connector))
    except ConnectorError:
        raise
    except Exception as error:  # a connector's mistake must not look like the person's
        log.exception("check broke", extra={"kind": connector.kind})
        raise Passing(
            N_("The answer could not be understood (%(fault)s); try again.", fault=type(error).__name__)
        ) from error
