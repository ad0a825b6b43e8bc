"""Tries a tracker's settings before anything is saved. Speaks to the network and writes nothing."""

from inbox.connectors.contract import Account, Setup, Surroundings
from inbox.connectors.registry import tracker_connector
from inbox.trackers.open import NoMemory


def check(kind: str, setup: Setup, *, allow_private_addresses: bool) -> Account:
    """What is there, with its latest entries where the place tells them. Raises ConnectorError."""
    surroundings = Surroundings(NoMemory(), allow_private_addresses=allow_private_addresses)
    return tracker_connector(kind)(setup, surroundings).check()
