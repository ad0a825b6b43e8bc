"""Connects a place we push ideas to, edits it, and switches it off and on. Credentials are sealed in its row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from inbox import setups
from inbox.activity.record import record
from inbox.connectors.contract import Setup
from inbox.connectors.registry import TRACKERS, tracker_connector
from inbox.teams.models import ProductTeam, Teammate
from inbox.text import one_line
from inbox.trackers.models import Tracker
from inbox.trackers.open import row_name
from inbox.vault import Vault


def tracker_kinds() -> dict[str, str]:
    """The kinds of trackers there are, with the label of each."""
    return {kind: tracker_connector(kind).label for kind in TRACKERS}


def setup_of(kind: str) -> type[Setup]:
    """The settings a kind asks for. Raises KeyError for an unknown kind."""
    return tracker_connector(kind).setup


def read_setup(kind: str, values: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None) -> Setup:
    """The settings in a form's `values`. An empty secret stays as it was in `kept`. Raises BadSetup, or KeyError."""
    return setups.read_setup(setup_of(kind), values, kept)


def connect(
    session: Session, vault: Vault, team: ProductTeam, kind: str, name: str, setup: Setup, *, by: Teammate | None
) -> Tracker:
    """A new tracker of the team; nothing is sent to it yet."""
    label = one_line(name, 200) or tracker_connector(kind).label
    tracker = Tracker(product_team_id=team.id, kind=kind, name=label)
    session.add(tracker)
    session.flush()
    _keep(vault, tracker, setup)
    session.flush()
    record(session, "tracker.connected", "tracker", tracker.id, by=by, kind=kind, team=team.id)
    return tracker


def edit(session: Session, vault: Vault, tracker: Tracker, name: str, setup: Setup, *, by: Teammate | None) -> None:
    """Other settings for the same place; what went wrong before is forgotten."""
    tracker.name = one_line(name, 200) or tracker.name
    tracker.last_error = ""
    _keep(vault, tracker, setup)
    session.flush()
    record(session, "tracker.edited", "tracker", tracker.id, by=by)


def switch(session: Session, tracker: Tracker, *, on: bool, by: Teammate | None) -> None:
    """Off: nothing new is pushed to it. What was pushed stays."""
    if tracker.is_active != on:
        tracker.is_active = on
        session.flush()
        record(session, "tracker.switched_on" if on else "tracker.switched_off", "tracker", tracker.id, by=by)


def kept_settings(vault: Vault, tracker: Tracker) -> dict[str, Any]:
    """All settings of a tracker, secrets included, for `read_setup`; without the secrets when they do not open."""
    return setups.kept_setup(vault, tracker, row_name(tracker))


def _keep(vault: Vault, tracker: Tracker, setup: Setup) -> None:
    setups.keep_setup(vault, tracker, row_name(tracker), setup)
    tracker.host = setups.host_of(setup) or tracker.kind
