"""OAuth 2 by authorization code with PKCE: the way to the consent page, tokens for the code, and fresh ones in time.

Tokens live under "tokens" in a connection's memory. A refresh happens alone and is saved before it is used, because many
platforms accept a refresh token once.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    ChannelConnector,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    Refused,
    SignIn,
    Surroundings,
)
from inbox.connectors.http import open_client, read_json, submit

# Early enough that a long poll does not outlive its token.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a person's consent gave us. `expires_at` and `refresh_expires_at` are ISO times, empty when they do not end."""

    access_token: str
    refresh_token: str = ""
    expires_at: str = ""
    refresh_expires_at: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def lasts(self) -> bool:
        """Whether the access token is good for some minutes more."""
        return not self.expires_at or datetime.fromisoformat(self.expires_at) > now() + AHEAD


class SignedIn(ChannelConnector):
    """The base of connectors to platforms where a person signs in: their permission renews itself."""

    def refresh_auth(self, refused: str = "") -> str:
        """By the refresh token, which many platforms take once."""
        sign_in = self.sign_in()
        if sign_in is None:
            return super().refresh_auth(refused)
        return access_token(sign_in, self.settings, self.surroundings, refused=refused)


def new_verifier() -> str:
    """A secret that proves at the end that we are who began."""
    return secrets.token_urlsafe(64)


def consent_address(sign_in: SignIn, client_id: str, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where the person is sent."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": sign_in.scope_separator.join(sign_in.scopes),
        "state": state,
        **sign_in.extra,
    }
    if sign_in.uses_pkce:
        digest = hashlib.sha256(verifier.encode("ascii")).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    separator = "&" if urlsplit(sign_in.authorize_url).query else "?"
    return f"{sign_in.authorize_url}{separator}{urlencode(query)}"


def exchange(
    sign_in: SignIn, settings: Any, surroundings: Surroundings, *, code: str, redirect_uri: str, verifier: str
) -> Tokens:
    """The tokens for the code that the person brought back, saved in the connection's memory. Raises ConnectorError."""
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if sign_in.uses_pkce:
        body["code_verifier"] = verifier
    tokens = _ask(sign_in, settings, surroundings, body, earlier=None)
    save_tokens(surroundings, tokens)
    return tokens


def access_token(sign_in: SignIn, settings: Any, surroundings: Surroundings, *, refused: str = "") -> str:
    """A token that is good now, refreshed when it is about to end or when it is the `refused` one.

    Raises NeedsPerson when a person must sign in (again), Passing when the platform is away.
    """
    tokens = saved_tokens(surroundings)
    if tokens is None:
        raise NeedsPerson(N_("Nobody has signed in yet; sign in on the channel's page."))
    if tokens.lasts and tokens.access_token != refused:
        return tokens.access_token
    with surroundings.memory.alone():
        # Another process may have been quicker.
        tokens = saved_tokens(surroundings) or tokens
        if tokens.lasts and tokens.access_token != refused:
            return tokens.access_token
        if not tokens.refresh_token:
            raise NeedsPerson(N_("The permission has run out; sign in again on the channel's page."))
        body = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        tokens = _ask(sign_in, settings, surroundings, body, earlier=tokens)
        save_tokens(surroundings, tokens)
    return tokens.access_token


def saved_tokens(surroundings: Surroundings) -> Tokens | None:
    """The tokens in the connection's memory, or None."""
    kept = surroundings.memory.load().get("tokens")
    try:
        return Tokens(**{**kept, "scopes": tuple(kept.get("scopes") or ())}) if kept else None
    except (TypeError, AttributeError):
        return None


def save_tokens(surroundings: Surroundings, tokens: Tokens) -> None:
    """Keep the tokens beside what else the connection remembers; durable when this returns."""
    surroundings.memory.save({**surroundings.memory.load(), "tokens": asdict(tokens)})


def _ask(
    sign_in: SignIn, settings: Any, surroundings: Surroundings, body: Mapping[str, str], *, earlier: Tokens | None
) -> Tokens:
    client_id, client_secret = str(settings.client_id), settings.client_secret.get_secret_value()
    form, headers = dict(body), {"Accept": "application/json"}
    if sign_in.basic_auth:
        pair = base64.b64encode(f"{quote(client_id, '')}:{quote(client_secret, '')}".encode()).decode("ascii")
        headers["Authorization"] = f"Basic {pair}"
    else:
        form |= {"client_id": client_id, "client_secret": client_secret}
    allow = surroundings.allow_private_addresses
    with open_client(allow_private=allow, timeout_seconds=surroundings.timeout_seconds) as client:
        try:
            response = submit(client, "POST", sign_in.token_url, data=form, headers=headers)
        except OutcomeUnknown as error:
            # If it was taken, the old refresh token is dead and the next try says so.
            raise Passing(N_("The answer with the new permission was lost: %(error)s", error=error)) from None
        except (Refused, NeedsPerson) as error:
            raise NeedsPerson(
                N_("The permission was not renewed: %(error)s Sign in again on the channel's page.", error=error)
            ) from None
        granted = read_json(response)
    if not isinstance(granted, dict) or not isinstance(granted.get("access_token"), str):
        told = granted.get("error_description") or granted.get("error") if isinstance(granted, dict) else ""
        told = f": {told}" if told else ""
        raise NeedsPerson(N_("The platform gave no permission%(told)s. Sign in again.", told=told))
    return _tokens(granted, earlier)


def _tokens(granted: Mapping[str, Any], earlier: Tokens | None) -> Tokens:
    scopes = granted.get("scope")
    return Tokens(
        access_token=granted["access_token"],
        # A platform that does not rotate sends none along with a refresh; the old one stays good.
        refresh_token=str(granted.get("refresh_token") or (earlier.refresh_token if earlier else "")),
        expires_at=_moment(granted.get("expires_in")),
        refresh_expires_at=_moment(granted.get("refresh_token_expires_in") or granted.get("refresh_expires_in"))
        or (earlier.refresh_expires_at if earlier else ""),
        scopes=tuple(scopes.replace(",", " ").split())
        if isinstance(scopes, str)
        else (earlier.scopes if earlier else ()),
    )


def _moment(seconds: Any) -> str:
    try:
        return (now() + timedelta(seconds=float(seconds))).isoformat() if seconds else ""
    except (TypeError, ValueError, OverflowError):
        return ""
