"""Draws the form of a connection from its Setup model, and reads it back. A stored secret is never sent to the browser."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from flask import request
from flask_babel import gettext
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, Passing, Setup
from inbox.pages.access import me
from inbox.pages.translate import translate
from inbox.setups import BadSetup, place, revealed
from inbox.vault import CannotOpen
from inbox.web import house

# What a choice is called; those not named here speak for themselves.
CHOICES = {"ssl": "SSL/TLS", "starttls": "STARTTLS", "none": N_("none")}

SECRET = {"password", "file"}


@dataclass(frozen=True)
class FieldSpec:
    """One field of the form; `label` and `help` are msgids.

    `kind` is text, password, file (a secret of many lines), number, checkbox or select.
    """

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
    kept: Mapping[str, Any] | None = None,
    visible: Collection[str] = (),
) -> list[FieldSpec]:
    """The fields in the order of the model. Secrets that `kept` has are kept when their field is left empty.

    Secrets named in `visible` are new and shown, because somebody has to carry them elsewhere.
    """
    fields = setup.model_fields.items()
    known = kept or {}
    return [
        _draw(name, field, values, (errors or {}).get(name, ""), bool(known.get(name)), name in visible)
        for name, field in fields
    ]


def made_secrets(setup: type[Setup]) -> dict[str, str]:
    """The secrets that the model makes up itself when it is given nothing."""
    try:
        made = setup()
    except ValidationError:
        return {}
    return {name: secret for name, secret in revealed(made).items() if secret}


def told(bad: BadSetup) -> dict[str, str]:
    """What is wrong by field name, in the reader's language."""
    return {name: _words(fault) for name, fault in bad.faults.items()}


def refused(error: ConnectorError) -> str:
    """Why there is no connection: what to do in the reader's language, then what the connector says about the other side."""
    reason = translate(error.sentence)
    if isinstance(error, NeedsPerson):
        return str(gettext("Please check the settings. %(reason)s", reason=reason))
    if isinstance(error, Passing):
        return str(gettext("That did not work just now. %(reason)s", reason=reason))
    return str(gettext("That is not accepted. %(reason)s", reason=reason))


def seal(setup: Setup) -> str:
    """The secrets of a tried form, so that they need not be typed again; see `kept_secrets`."""
    return house().vault.seal(revealed(setup), row=_form_name(place(type(setup), setup.model_dump())))


def kept_secrets(setup: type[Setup], stored: Mapping[str, Any]) -> dict[str, Any]:
    """What empty secrets of the sent form stand for: those `stored`, then those that `seal` put into the form.

    Both only while the form names the same servers, and the form only for the same teammate: a password that was given
    for one server is not shown to another.
    """
    there = place(setup, request.form)
    kept = dict(stored) if place(setup, stored) == there else {}
    try:
        return {**kept, **house().vault.open(request.form.get("sealed"), row=_form_name(there))}
    except CannotOpen:
        return kept


def _form_name(where: str) -> str:
    return f"form:{me().id}:{where}"


def _draw(name: str, field: FieldInfo, values: Mapping[str, Any], error: str, stored: bool, visible: bool) -> FieldSpec:
    kind = "text" if visible else _kind(field)
    is_kept = stored and kind in SECRET
    value = values.get(name, "" if field.is_required() or field.default is None else field.default)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    shown = "yes" if value is True else "" if value is False or value is None else str(value)
    return FieldSpec(
        name=name,
        label=field.title or name,
        help=field.description or "",
        kind=kind,
        value=("stored" if is_kept else "") if kind in SECRET else shown,
        error=error,
        required=field.is_required() and not is_kept,
        options=[(choice, _choice(choice)) for choice in get_args(field.annotation)] if kind == "select" else (),
    )


def _choice(choice: str) -> str:
    return str(gettext(CHOICES[choice])) if choice in CHOICES else choice


def _kind(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return "select"
    if annotation is SecretStr and isinstance(field.json_schema_extra, dict):
        return "file" if "contentMediaType" in field.json_schema_extra else "password"
    kinds: dict[Any, str] = {SecretStr: "password", bool: "checkbox", int: "number"}
    return kinds.get(annotation, "text")


def _words(fault: Mapping[str, Any]) -> str:
    kind = str(fault["type"])
    if kind in {"missing", "string_too_short"} or fault.get("input") == "":
        return str(gettext("Please fill this in."))
    if kind == "string_too_long":
        return str(gettext("At most %(number)d characters, please.", number=fault["ctx"]["max_length"]))
    if kind.startswith(("int", "greater", "less")):
        return str(gettext("This number does not fit here."))
    if kind != "value_error":
        # A pattern says nothing to a person; the example beside the field does.
        return str(gettext("This does not have the right form."))
    # The connector's own check gave it as a sentence.
    return str(gettext("This cannot be used: it %(reason)s.", reason=translate(str(fault["ctx"]["error"]))))
