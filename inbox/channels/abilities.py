"""What the platform of a channel lets us do, as its connector declares it."""

from inbox.connectors.contract import Capabilities
from inbox.connectors.registry import CHANNELS, channel_connector

NOTHING = Capabilities(polls=False)


def abilities(kind: str) -> Capabilities:
    """The capabilities of a channel's kind; of a kind that this version no longer knows: none."""
    try:
        return channel_connector(kind).capabilities
    except KeyError:
        return NOTHING


def kinds_not_for_training() -> list[str]:
    """The kinds of channels whose platform's terms forbid that a classifier learns from what is written there."""
    return [kind for kind in CHANNELS if not abilities(kind).allows_training]
