"""What a person's consent at a platform allows, and until when; read from what a connection remembers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import as_utc, now
from inbox.connectors.contract import ChannelConnector, SignIn

WARNED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Permission:
    """The scopes that were granted, and when a person must consent again (None: not foreseen)."""

    scopes: tuple[str, ...]
    until: datetime | None


def granted_to(connector: ChannelConnector) -> Permission | None:
    """The permission that a connection has now; None where nobody has to sign in. Speaks to no network."""
    sign_in = connector.sign_in()
    return permission(sign_in, connector.surroundings.memory.load()) if sign_in else None


def permission(sign_in: SignIn, memory: Mapping[str, Any]) -> Permission:
    """The permission in a connection's memory."""
    tokens = memory.get("tokens")
    tokens = tokens if isinstance(tokens, Mapping) else {}
    # What is not told was granted as asked.
    scopes = tuple(map(str, tokens.get("scopes") or sign_in.scopes))
    # A token that renews itself ends with its refresh token, if that ends at all.
    until = str(tokens.get("refresh_expires_at" if tokens.get("refresh_token") else "expires_at") or "")
    try:
        return Permission(scopes, as_utc(datetime.fromisoformat(until)) if until else None)
    except ValueError:
        return Permission(scopes, None)


def ends_soon(until: datetime | None) -> bool:
    """Whether a person should renew it within the week."""
    return until is not None and until < now() + WARNED
