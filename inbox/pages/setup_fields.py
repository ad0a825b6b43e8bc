"""Draws the form of a connection from its Setup model, and reads it back. A stored secret is never sent to the browser."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from flask_babel import gettext
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from inbox.connectors.contract import Setup


@dataclass(frozen=True)
class FieldSpec:
    """One field of the form. `kind` is text, password, number, checkbox or select; `label` and `help` are msgids."""

    name: str
    label: str
    help: str
    kind: str
    value: str
    error: str
    required: bool
    options: Sequence[tuple[str, str]] = ()


def draw_fields(
    setup: type[Setup],
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    *,
    stored: bool = False,
    visible: Collection[str] = (),
) -> list[FieldSpec]:
    """The fields in the order of the model. `stored` says that secrets are kept when their field is left empty.

    Secrets named in `visible` are new and shown, because somebody has to carry them elsewhere.
    """
    fields = setup.model_fields.items()
    return [_draw(name, field, values, (errors or {}).get(name, ""), stored, name in visible) for name, field in fields]


def made_secrets(setup: type[Setup]) -> dict[str, str]:
    """The secrets that the model makes up itself when it is given nothing."""
    try:
        made = setup()
    except ValidationError:
        return {}
    secrets = {name: getattr(made, name) for name, field in setup.model_fields.items() if _kind(field) == "password"}
    return {name: secret.get_secret_value() for name, secret in secrets.items() if secret.get_secret_value()}


def read_fields(
    setup: type[Setup], form: Mapping[str, str], stored: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The values as the model takes them (secrets as text), or None and what is wrong by field name ("" for all together).

    An empty secret takes its value from `stored`; an empty optional field takes its default.
    """
    given: dict[str, Any] = {}
    for name, field in setup.model_fields.items():
        value = form.get(name, "")
        if _kind(field) == "checkbox":
            given[name] = bool(value) and value != "no"
        elif value.strip():
            given[name] = value
        elif _kind(field) == "password" and stored and stored.get(name):
            given[name] = stored[name]
    try:
        chosen = setup(**given)
    except ValidationError as error:
        return None, {str(one["loc"][0] if one["loc"] else ""): _words(dict(one)) for one in error.errors()}
    plain = {name: getattr(chosen, name) for name in setup.model_fields}
    return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in plain.items()}, {}


def _draw(
    name: str, field: FieldInfo, values: Mapping[str, Any], error: str, stored: bool, visible: bool
) -> FieldSpec:
    kind = "text" if visible else _kind(field)
    value = values.get(name, "" if field.is_required() or field.default is None else field.default)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    shown = "yes" if value is True else "" if value is False or value is None else str(value)
    return FieldSpec(
        name=name,
        label=field.title or name,
        help=field.description or "",
        kind=kind,
        value=("stored" if stored else "") if kind == "password" else shown,
        error=error,
        required=field.is_required() and not (kind == "password" and stored),
        options=[(str(choice), str(choice)) for choice in get_args(field.annotation)] if kind == "select" else (),
    )


def _kind(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return "select"
    kinds: dict[Any, str] = {SecretStr: "password", bool: "checkbox", int: "number"}
    return kinds.get(annotation, "text")


def _words(error: Mapping[str, Any]) -> str:
    match str(error["type"]):
        case "missing" | "string_too_short":
            return gettext("Please fill this in.")
        case "string_too_long":
            return gettext("At most %(number)d characters, please.", number=error["ctx"]["max_length"])
        case kind if kind.startswith(("int", "greater", "less")):
            return gettext("This number does not fit here.")
    return gettext("This cannot be used: it %(reason)s.", reason=str(error["msg"]).removeprefix("Value error, "))
