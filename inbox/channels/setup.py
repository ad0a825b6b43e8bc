"""The settings of a channel's connection: read from a form, split into plain and secret, kept in the channel's row."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from inbox.channels.models import Channel
from inbox.channels.open import row_name
from inbox.connectors.contract import Setup
from inbox.connectors.registry import CHANNELS, channel_connector
from inbox.vault import CannotOpen, Vault


class BadSetup(ValueError):
    """Settings that cannot be used: `errors` says why, by field name ("" for all of them together)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {reason}" for name, reason in errors.items()))
        self.errors = errors


def channel_kinds() -> dict[str, str]:
    """The kinds of channels there are, with the label of each."""
    return {kind: channel_connector(kind).label for kind in CHANNELS}


def setup_of(kind: str) -> type[Setup]:
    """The settings a kind asks for. Raises KeyError for an unknown kind."""
    return channel_connector(kind).setup


def read_setup(kind: str, values: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None) -> Setup:
    """The settings in a form's `values`. An empty secret stays as it was in `kept`. Raises BadSetup, or KeyError."""
    setup = setup_of(kind)
    filled = {name: value for name, value in values.items() if name in setup.model_fields}
    for name, value in (kept or {}).items():
        if name in setup.model_fields and not filled.get(name) and is_secret(setup, name):
            filled[name] = value
    # An empty field means the default, not an empty text.
    filled = {name: value for name, value in filled.items() if value != "" or setup.model_fields[name].is_required()}
    try:
        return setup(**filled)
    except ValidationError as error:
        errors: dict[str, str] = {}
        for fault in error.errors():
            field = str(fault["loc"][0]) if fault["loc"] else ""
            errors.setdefault(field, fault["msg"].removeprefix("Value error, "))
        raise BadSetup(errors) from None


def keep_setup(vault: Vault, channel: Channel, setup: Setup) -> None:
    """Put the settings into the channel's row, which has its id already: the plain ones readable, the secrets sealed."""
    plain = setup.model_dump(mode="json")
    secrets = {name: value.get_secret_value() for name in plain if isinstance(value := getattr(setup, name), SecretStr)}
    channel.settings = {name: value for name, value in plain.items() if name not in secrets}
    channel.sealed = vault.seal(secrets, row=row_name(channel.id)) if secrets else None


def kept_setup(vault: Vault, channel: Channel) -> dict[str, Any]:
    """All settings of a channel, secrets included, for `read_setup`; without the secrets when they do not open."""
    try:
        return {**channel.settings, **vault.open(channel.sealed, row=row_name(channel.id))}
    except CannotOpen:
        return dict(channel.settings)


def is_secret(setup: type[Setup], name: str) -> bool:
    """Whether a field is one that nobody may read again."""
    return "SecretStr" in str(setup.model_fields[name].annotation)
