"""Webhooks that are signed by one HMAC over the raw body: GitHub, Meta, Discourse and others write it nearly alike."""

import hashlib
import hmac
from collections.abc import Mapping

from inbox.connectors.contract import N_, Refused


def require_signed(headers: Mapping[str, str], body: bytes, *, name: str, secret: str, prefix: str = "sha256=") -> None:
    """Raises Refused unless header `name` holds the HMAC-SHA256 of the very bytes that came, made with `secret`."""
    if not secret:
        raise Refused(
            N_("No secret is set for deliveries; write one into the channel's settings and into the platform's.")
        )
    given = next((value for header, value in headers.items() if header.lower() == name.lower()), "")
    expected = prefix + hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("ascii")):
        raise Refused(N_("The delivery's signature (%(name)s) is missing or wrong.", name=name))
