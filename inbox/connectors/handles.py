"""What the handle of a message must hold, so that it can be answered or acted on. For the connectors, who once put it there."""

from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, Refused

NOWHERE = N_("The message does not say what it is about; it cannot be answered or acted on here.")


def word_in(handle: Mapping[str, Any], name: str) -> str:
    """The text that is kept under `name`. Raises Refused where there is none."""
    value = handle.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(NOWHERE)
    return value


def number_in(handle: Mapping[str, Any], name: str) -> int:
    """The whole number that is kept under `name`. Raises Refused where there is none."""
    value = handle.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(NOWHERE)
    return value
