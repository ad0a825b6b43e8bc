"""Opens a tracker's connector from its row. Speaks to no network."""

import contextlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from inbox.connectors.contract import N_, NeedsPerson, Surroundings
from inbox.connectors.registry import TRACKERS, tracker_connector
from inbox.connectors.tracker_contract import TrackerConnector
from inbox.trackers.models import Tracker
from inbox.vault import CannotOpen, Vault


class NoMemory:
    """Trackers sign in with what they are given each time, so there is nothing to keep between runs."""

    def load(self) -> dict[str, Any]:
        """Nothing was kept."""
        return {}

    def save(self, state: Mapping[str, Any]) -> None:
        """Refuse to lose something silently."""
        raise RuntimeError("a tracker's connector keeps no memory")

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Where nothing is kept, nothing is used up."""
        return contextlib.nullcontext()


def open_tracker(tracker: Tracker, vault: Vault, *, allow_private_addresses: bool) -> TrackerConnector:
    """The connector of this tracker. Raises NeedsPerson when its kind, settings or credentials do not open."""
    if tracker.kind not in TRACKERS:
        raise NeedsPerson(
            N_("This version of Trellis knows no tracker of the kind %(kind)s; connect another one.", kind=tracker.kind)
        )
    connector = tracker_connector(tracker.kind)
    try:
        settings = connector.setup(**tracker.settings, **vault.open(tracker.sealed, row=row_name(tracker)))
    except (CannotOpen, ValidationError, TypeError) as error:
        reason = str(error) if isinstance(error, CannotOpen) else N_("Its settings are not complete any more.")
        raise NeedsPerson(
            N_("%(name)s cannot be opened: %(reason)s Edit its settings.", name=tracker.name, reason=reason)
        ) from error
    return connector(settings, Surroundings(NoMemory(), allow_private_addresses=allow_private_addresses))


def tells_state(kind: str) -> bool:
    """Whether trackers of this kind say how a ticket stands."""
    return kind in TRACKERS and tracker_connector(kind).reads_state


def row_name(tracker: Tracker) -> str:
    """The name that its sealed credentials are bound to."""
    return f"tracker:{tracker.id}"
