"""Tries a connection before anything is saved: signs in, and shows whose account it is with its last messages."""

import logging

from inbox.channels.open import NoMemory, surroundings
from inbox.config import Settings
from inbox.connectors.contract import Account, ConnectorError, Passing, Setup
from inbox.connectors.registry import channel_connector

log = logging.getLogger(__name__)

SHOWN = 3


def check(kind: str, setup: Setup, settings: Settings) -> Account:
    """The account behind `setup`, with its newest three messages. Speaks to the network, stores nothing.

    Raises ConnectorError and nothing else: its text says what is wrong and what to do.
    """
    try:
        account = channel_connector(kind)(setup, surroundings(NoMemory(), settings)).check()
    except ConnectorError:
        raise
    except Exception as error:  # a connector's mistake must not look like the person's
        log.exception("check broke", extra={"kind": kind})
        raise Passing(f"The answer could not be understood ({type(error).__name__}); try again.") from error
    return Account(account.name, account.external_id, account.url, tuple(account.latest[:SHOWN]))
