"""Who carries a delivery: the connector of its channel or tracker, or the system mailbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inbox.channels.models import Channel
from inbox.connectors.contract import ChannelConnector, Receipt
from inbox.connectors.tracker_contract import TrackerConnector
from inbox.trackers.models import Tracker


@dataclass(frozen=True, slots=True)
class Carriers:
    """How to open each. Opening speaks to no network and raises NeedsPerson when settings or credentials do not open."""

    channel: Callable[[Channel], ChannelConnector]
    tracker: Callable[[Tracker], TrackerConnector]
    mail: Callable[[str, Mapping[str, Any], Channel | None], Receipt]
