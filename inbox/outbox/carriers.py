"""Who carries a delivery: the connector of its channel or tracker, or the system mailbox."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inbox.channels.models import Channel
from inbox.connectors.contract import ChannelConnector, Receipt, TrackerConnector
from inbox.trackers.models import Tracker


@dataclass(frozen=True, slots=True)
class Carriers:
    """How to open each; opening speaks to no network and raises `CannotCarry` when settings or credentials do not open."""

    channel: Callable[[Channel], ChannelConnector]
    tracker: Callable[[Tracker], TrackerConnector]
    mail: Callable[[dict[str, Any]], Receipt]


class CannotCarry(Exception):
    """There is nobody to carry it; the text says what a person can do."""
