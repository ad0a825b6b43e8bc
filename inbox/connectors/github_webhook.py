"""Reads what GitHub delivers: issues, discussions and comments on both, as they are opened, edited or deleted."""

import json
from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, Batch, Deletion, Refused
from inbox.connectors.github_read import COMMENT, DISCUSSION, ISSUE, REMARK, message_of
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import UNREADABLE

# The event, what in it is the message, and where the thread's number and title stand.
EVENTS = {
    "issues": (ISSUE, "issue", "issue"),
    "issue_comment": (COMMENT, "comment", "issue"),
    "pull_request": (ISSUE, "pull_request", "pull_request"),
    "discussion": (DISCUSSION, "discussion", "discussion"),
    "discussion_comment": (REMARK, "comment", "discussion"),
}
WRITTEN = {"opened", "created", "edited"}


def delivered(headers: Mapping[str, str], body: bytes, repository: str, our_login: str) -> Batch:
    """The message of a verified delivery, or its deletion. Raises Refused for what makes no sense here."""
    event = next((value for name, value in headers.items() if name.lower() == "x-github-event"), "")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(N_("The delivery is not JSON; choose application/json for the webhook.")) from None
    if not isinstance(told, dict):
        raise Refused(N_("The delivery is not an event of GitHub."))
    about = mapping(told.get("repository"))
    if words(about.get("full_name")).casefold() != repository.casefold():
        raise Refused(N_("The delivery is not about %(repository)s.", repository=repository))
    kind, place, thread = EVENTS.get(event, ("", "", ""))
    if not kind or told.get("action") not in WRITTEN | {"deleted"}:
        return Batch(filtered=1)
    try:
        return _read(told, kind, mapping(told.get(thread)), told.get(place), our_login, bool(about.get("private")))
    except UNREADABLE:
        raise Refused(N_("The delivery does not say which message it is about.")) from None


def _read(
    told: Mapping[str, Any], kind: str, thread: Mapping[str, Any], raw: Any, our_login: str, private: bool
) -> Batch:
    number = int(thread["number"])
    if told["action"] == "deleted":
        begins = kind in {ISSUE, DISCUSSION}
        return Batch(deletions=(Deletion(f"{kind}-{number if begins else raw['id']}"),))
    title = words(thread.get("title")) if kind == REMARK else ""
    return Batch((message_of(raw, kind, number=number, our_login=our_login, title=title, private=private),))
