"""Writes the mail for a tracker that is a mailbox; it then leaves through the system mailbox like every notice."""

from dataclasses import asdict
from typing import Any

from inbox.connectors.contract import Surroundings
from inbox.connectors.registry import tracker_connector
from inbox.connectors.tracker_contract import IdeaCard
from inbox.trackers.models import Tracker
from inbox.trackers.open import NoMemory


def compose(tracker: Tracker, card: IdeaCard) -> dict[str, Any] | None:
    """The mail as the payload of a delivery; None when this kind of tracker takes the card itself."""
    connector = tracker_connector(tracker.kind)
    if not hasattr(connector, "compose"):
        return None
    mail = connector(connector.setup(**tracker.settings), Surroundings(NoMemory())).compose(card)  # type: ignore[attr-defined]
    return {**asdict(mail), "headers": dict(mail.headers), "images": []}
