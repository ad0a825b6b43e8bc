"""What the platform of a channel lets us do, as its connector declares it."""

from inbox.connectors.contract import Capabilities
from inbox.connectors.registry import channel_connector

NOTHING = Capabilities(polls=False)


def abilities(kind: str) -> Capabilities:
    """The capabilities of a channel's kind; of a kind that this version no longer knows: none."""
    try:
        return channel_connector(kind).capabilities
    except KeyError:
        return NOTHING
