"""What Slack delivers: whether it is signed, and the message or deletion that an event tells of. Used by `slack` alone."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import N_, Batch, Deletion, IncomingMessage, Refused
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import read_each
from inbox.connectors.slack_api import SlackApi
from inbox.connectors.slack_read import Said, name_of
from inbox.connectors.slack_watch import is_tombstone

WINDOW_SECONDS = 300
LONGEST_TIME = 12  # digits


def require_signed(headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Raises Refused unless Slack signed these very bytes, not long ago."""
    lowered = {name.lower(): value for name, value in headers.items()}
    at, given = lowered.get("x-slack-request-timestamp", ""), lowered.get("x-slack-signature", "")
    if not secret:
        raise Refused(N_("No signing secret is set; copy it from the app's Basic Information."))
    is_time = at.isascii() and at.isdecimal() and len(at) <= LONGEST_TIME
    if not is_time or abs(now().timestamp() - int(at)) > WINDOW_SECONDS:
        raise Refused(N_("The delivery is not of now, or its time is missing; check both clocks."))
    expected = "v0=" + hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise Refused(N_("The delivery's signature is missing or wrong."))


def event_of(body: bytes) -> Mapping[str, Any]:
    """The delivery as JSON. Raises Refused."""
    try:
        return mapping(json.loads(body))
    except (ValueError, RecursionError):
        raise Refused(N_("The delivery is not JSON.")) from None


def message_in(event: Mapping[str, Any], api: SlackApi, chosen: Sequence[str]) -> Batch:
    """What the event says; filtered where it is not about a message of a channel that we listen to."""
    channel, subtype = words(event.get("channel")), event.get("subtype")
    if event.get("type") != "message" or not channel or not api.is_chosen(channel, chosen):
        return Batch(filtered=1)
    if subtype == "message_deleted":
        return Batch(deletions=(Deletion(name_of(channel, words(event.get("deleted_ts")))),))
    raw = mapping(event.get("message")) if subtype == "message_changed" else event
    if is_tombstone(raw):
        return Batch(deletions=(Deletion(name_of(channel, words(raw.get("ts")))),))

    def read(raw: Any) -> Sequence[IncomingMessage]:
        return (api.message(raw, channel),) if Said.model_validate(raw).is_spoken else ()

    harvest = read_each([raw], read, lambda raw: api.place(raw, channel))
    return Batch(harvest.messages, (), harvest.bad, harvest.filtered)
