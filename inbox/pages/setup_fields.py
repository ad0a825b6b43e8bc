"""Draws the form of a connection from its Setup model. A stored secret is never sent to the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
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
    setup: type[Setup], values: Mapping[str, Any], errors: Mapping[str, str] | None = None, *, stored: bool = False
) -> list[FieldSpec]:
    """The fields in the order of the model. `stored` says that secrets are kept when their field is left empty."""
    return [_draw(name, field, values, (errors or {}).get(name, ""), stored) for name, field in setup.model_fields.items()]


def _draw(name: str, field: FieldInfo, values: Mapping[str, Any], error: str, stored: bool) -> FieldSpec:
    kind = _kind(field)
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
