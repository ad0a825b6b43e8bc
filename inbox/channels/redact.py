"""Takes out of what a platform sent whatever looks like a credential, so that a person may look at it."""

import json
import re
from typing import Any

SHOWN = 4_000
HIDDEN = "•••"
_NAMES = r"token|secret|password|passwd|authorization|api[_-]?key|signature|cookie|session|credential|client_id|bearer"
_NAME = re.compile(_NAMES, re.IGNORECASE)
_VALUE = r"""\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|(?:Bearer|Basic)\s+\S+|[^\s&,;}<>]+"""
_PAIR = re.compile(rf"""((?:{_NAMES})[\w.-]{{0,40}}["']?\s{{0,9}}[:=]\s{{0,9}})({_VALUE})""", re.IGNORECASE)


def redact(raw: str) -> str:
    """`raw` without values whose names speak of credentials, JSON laid out over lines, cut to 4,000 characters."""
    try:
        text = json.dumps(_without(json.loads(raw)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        text = raw
    # More than is shown, so that a credential at the cut is still known by its name.
    shown = _PAIR.sub(rf"\1{HIDDEN}", text[: 2 * SHOWN])
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: HIDDEN if _NAME.search(str(name)) else _without(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner) for inner in value]
    return value
