"""Connects a place we push ideas to, edits it, and switches it off and on. Credentials are sealed in its row."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.connectors.contract import Setup
from inbox.connectors.registry import TRACKERS, tracker_connector
from inbox.teams.models import ProductTeam, Teammate
from inbox.text import one_line
from inbox.trackers.models import Tracker
from inbox.trackers.open import row_name
from inbox.vault import CannotOpen, Vault


class BadSetup(ValueError):
    """Settings that cannot be used: `errors` says why, by field name."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {reason}" for name, reason in errors.items()))
        self.errors = errors


def tracker_kinds() -> dict[str, str]:
    """The kinds of trackers there are, with the label of each."""
    return {kind: tracker_connector(kind).label for kind in TRACKERS}


def setup_of(kind: str) -> type[Setup]:
    """The settings a kind asks for. Raises KeyError for an unknown kind."""
    return tracker_connector(kind).setup


def read_setup(kind: str, values: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None) -> Setup:
    """The settings in a form's `values`. An empty secret stays as it was in `kept`. Raises BadSetup, or KeyError."""
    setup = setup_of(kind)
    given = {name: value for name, value in values.items() if name in setup.model_fields}
    for name, value in (kept or {}).items():
        if name in setup.model_fields and not given.get(name) and is_secret(setup, name):
            given[name] = value
    # An empty field means the default, not an empty text.
    given = {name: value for name, value in given.items() if value != "" or setup.model_fields[name].is_required()}
    try:
        return setup(**given)
    except ValidationError as error:
        errors: dict[str, str] = {}
        for fault in error.errors():
            field = str(fault["loc"][0]) if fault["loc"] else ""
            errors.setdefault(field, fault["msg"].removeprefix("Value error, "))
        raise BadSetup(errors) from None


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
    try:
        return {**tracker.settings, **vault.open(tracker.sealed, row=row_name(tracker))}
    except CannotOpen:
        return dict(tracker.settings)


def is_secret(setup: type[Setup], name: str) -> bool:
    """Whether a field is one that nobody may read again."""
    return "SecretStr" in str(setup.model_fields[name].annotation)


def _keep(vault: Vault, tracker: Tracker, setup: Setup) -> None:
    plain = setup.model_dump(mode="json")
    secrets = {name: value.get_secret_value() for name in plain if isinstance(value := getattr(setup, name), SecretStr)}
    tracker.settings = {name: value for name, value in plain.items() if name not in secrets}
    tracker.sealed = vault.seal(secrets, row=row_name(tracker)) if secrets else None
