"""Standard Webhooks: signs what we send and verifies what we get (HMAC-SHA256 over id, time and body)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

from inbox.connectors.contract import N_, Refused

PREFIX = "whsec_"
WINDOW_SECONDS = 300


def new_secret() -> str:
    """A secret of 32 random bytes, as both sides write it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(N_("is not a secret of the form whsec_…")) from None
    if not 24 <= len(key) <= 64:
        raise ValueError(N_("must hold 24 to 64 bytes in base64, after whsec_"))
    return key


def sign(secret: str, name: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers for one message; `name` stays the same when it is sent again."""
    time = str(int(at.timestamp()))
    return {
        "webhook-id": name,
        "webhook-timestamp": time,
        "webhook-signature": f"v1,{_signature(secret, name, time, body)}",
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, at: datetime) -> str:
    """The message's id. Raises Refused when signature or time is wrong; says which, but not what would be right."""
    given = {name.lower(): value for name, value in headers.items()}
    name, time, signatures = (given.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not name or not time or not signatures:
        raise Refused(N_("The headers webhook-id, webhook-timestamp and webhook-signature are needed."))
    if len(name) > 256 or len(signatures) > 4_096 or not time.isascii() or not time.isdigit() or len(time) > 12:
        raise Refused(N_("The headers webhook-id or webhook-timestamp are malformed."))
    if abs(int(time) - at.timestamp()) > WINDOW_SECONDS:
        raise Refused(N_("The time in webhook-timestamp is more than 5 minutes from ours; check both clocks."))
    wanted = _signature(secret, name, time, body).encode()
    # Several signatures are given while a secret is being changed; all are compared, in constant time each.
    found = [
        hmac.compare_digest(wanted, value.encode("utf-8", "replace"))
        for version, _, value in (entry.partition(",") for entry in signatures.split())
        if version == "v1"
    ]
    if not any(found):
        raise Refused(N_("The signature does not match; check the secret."))
    return name


def _signature(secret: str, name: str, time: str, body: bytes) -> str:
    signed = f"{name}.{time}.".encode("utf-8", "replace") + body
    return base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
