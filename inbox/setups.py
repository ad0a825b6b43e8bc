"""The settings of a connection, for channels and trackers alike: read from a form, kept split into plain and sealed."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from inbox.connectors.contract import Setup
from inbox.vault import CannotOpen, Vault

# Fields that say where to; a secret given for one place is not carried to another.
PLACES = ("host", "server", "service", "site", "url")

Chosen = TypeVar("Chosen", bound=Setup)


class HasSetup(Protocol):
    """A row that keeps a connection's settings: the plain ones readable, the secrets sealed."""

    settings: Any
    sealed: Any


class BadSetup(ValueError):
    """Settings that cannot be used. `faults` are pydantic's, by field name ("" for all of them together)."""

    def __init__(self, faults: Mapping[str, Mapping[str, Any]]) -> None:
        self.faults = faults
        super().__init__(", ".join(f"{name}: {reason}" for name, reason in self.errors.items()))

    @property
    def errors(self) -> dict[str, str]:
        """Why, in plain English, by field name."""
        return {name: str(fault["msg"]).removeprefix("Value error, ") for name, fault in self.faults.items()}


def read_setup(setup: type[Chosen], values: Mapping[str, Any], kept: Mapping[str, Any] | None = None) -> Chosen:
    """The settings in a form's `values`. An empty field means its default; an empty secret stays as in `kept`.

    Raises BadSetup.
    """
    given = {name: value for name, value in values.items() if name in setup.model_fields}
    for name in secret_names(setup):
        if not given.get(name) and (kept or {}).get(name):
            given[name] = (kept or {})[name]
    given = {name: value for name, value in given.items() if value != "" or setup.model_fields[name].is_required()}
    try:
        return setup(**given)
    except ValidationError as error:
        faults: dict[str, Mapping[str, Any]] = {}
        for fault in error.errors():
            faults.setdefault(str(fault["loc"][0]) if fault["loc"] else "", dict(fault))
        raise BadSetup(faults) from None


def keep_setup(vault: Vault, row: HasSetup, name: str, setup: Setup) -> None:
    """Put the settings into `row`, whose secrets are bound to `name`, such as "channel:7"."""
    secrets = revealed(setup)
    row.settings = {field: value for field, value in setup.model_dump(mode="json").items() if field not in secrets}
    row.sealed = vault.seal(secrets, row=name) if secrets else None


def kept_setup(vault: Vault, row: HasSetup, name: str) -> dict[str, Any]:
    """All settings of a row, secrets included, for `read_setup`; without the secrets when they do not open."""
    try:
        return {**row.settings, **vault.open(row.sealed, row=name)}
    except CannotOpen:
        return dict(row.settings)


def place(setup: type[Setup], values: Mapping[str, Any]) -> str:
    """Where the secrets of these settings are sent: the servers and addresses in them, as one line."""
    fields = {name: field for name, field in setup.model_fields.items() if name.endswith(PLACES)}
    chosen = (values.get(name) or ("" if field.is_required() else field.default) for name, field in fields.items())
    return " ".join(str(value).strip() for value in chosen)


def host_of(setup: Setup) -> str:
    """The server that is spoken to with these settings, with its port when it was named; empty where they name none."""
    first = place(type(setup), setup.model_dump()).partition(" ")[0]
    try:
        netloc = urlsplit(first if "://" in first else f"//{first}").netloc
    except ValueError:
        return ""
    return netloc.rpartition("@")[2].lower()[:300]


def revealed(setup: Setup) -> dict[str, str]:
    """The secrets of a setup as text, to be sealed at once."""
    return {name: getattr(setup, name).get_secret_value() for name in secret_names(type(setup))}


def secret_names(setup: type[Setup]) -> list[str]:
    """The fields that nobody may read again."""
    return [name for name, field in setup.model_fields.items() if field.annotation is SecretStr]
