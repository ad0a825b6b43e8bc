"""Takes out of what a platform sent whatever looks like a credential, so that a person may look at it."""

import json
import re
from typing import Any

SHOWN = 4_000
HIDDEN = "•••"
_NAMES = (
    r"token|secret|password|passwd|passphrase|authorization|api[_-]?key|private[_-]?key|signature|cookie|session"
    r"|credential|client_id|bearer|oauth_verifier|(?<![a-z])(?:auth|pwd|sig|hmac|jwt)(?![a-z])"
)
_NAME = re.compile(_NAMES, re.IGNORECASE)
_VALUE = (
    # Quotes are escaped where JSON stands in JSON.
    r"""(?P<quote>\\*")(?:(?!(?P=quote))(?:\\.|[^\\]))*(?:(?P=quote))?|'[^']*'?|[\[{][^\]}]*[\]}]?|(?:Bearer|Basic)\s+\S+|[^\s&,;}<>]+"""
)
_PAIR = re.compile(
    rf"""((?:{_NAMES})[\w.-]{{0,40}}(?:["']\s{{0,9}},\s{{0,9}}["']value)?\\*["']?(?:\s{{1,9}}value)?\s{{0,9}}[:=>]\s{{0,9}})({_VALUE})""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"^([\w-]*(?:authorization|cookie):\s*)\S.*", re.IGNORECASE | re.MULTILINE)
# What is a credential by its own looks: signed tokens, keys as well-known platforms write them, a password in an address.
_SHAPE = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|gh[a-z]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{10,}|x(?:ox[a-z]|app)-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|\d{6,12}:[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*|(?<=://)[^\s/@:\"]{0,200}:[^\s/@\"]{1,200}(?=@)"
    r"|(?<=Bearer )[\w.~+/=-]{16,}"
)


def redact(raw: str) -> str:
    """`raw` without what looks like a credential or is named like one, JSON laid out over lines, cut to 4,000 characters."""
    try:
        text = json.dumps(_without(json.loads(raw)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        text = raw
    # More than is shown, so that a credential at the cut is still known by its name.
    text = _HEADER.sub(rf"\1{HIDDEN}", text[: 2 * SHOWN])
    shown = _SHAPE.sub(HIDDEN, _PAIR.sub(rf"\1{HIDDEN}", text))
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        is_named = any(_is_name(value.get(field)) for field in ("name", "key", "header"))
        return {
            name: HIDDEN if _NAME.search(name) or (is_named and name in ("value", "values")) else _without(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        if len(value) == 2 and _is_name(value[0]):
            return [value[0], HIDDEN]
        return [_without(inner) for inner in value]
    return value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.search(value) is not None and re.fullmatch(r"[\w.-]+", value) is not None
