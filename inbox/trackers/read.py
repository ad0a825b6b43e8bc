"""Reads how a ticket stands at its tracker. Speaks to the network and writes nothing."""

from inbox.connectors.tracker_contract import TicketState
from inbox.trackers.models import Tracker
from inbox.trackers.open import open_tracker
from inbox.vault import Vault


def read(tracker: Tracker, external_id: str, vault: Vault, *, allow_private_addresses: bool) -> TicketState:
    """The state of one ticket. Raises ConnectorError."""
    connector = open_tracker(tracker, vault, allow_private_addresses=allow_private_addresses)
    return connector.read(external_id)
