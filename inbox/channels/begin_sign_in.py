"""Begins a sign-in at a platform: a way to its consent page, good once, for minutes, in the browser that began it."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, Consent
from inbox.channels.open import NoMemory, surroundings
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import ChannelConnector, Setup
from inbox.connectors.oauth import consent_address, new_verifier
from inbox.connectors.registry import channel_connector
from inbox.teams.models import Teammate
from inbox.vault import Vault

GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the person goes, and what their browser must bring back."""

    address: str
    state: str


class NoSignIn(ValueError):
    """This connection needs no sign-in at its platform."""


def begin_sign_in(
    session: Session, vault: Vault, channel: Channel, connector: ChannelConnector, *, return_to: str, by: Teammate
) -> Begun:
    """The way to the consent page of the channel's platform, which leads back to `return_to`. Raises NoSignIn."""
    sign_in = connector.sign_in()
    if sign_in is None:
        raise NoSignIn(channel.kind)
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    session.execute(sa.delete(Consent).where(Consent.expires_at < now()))
    key = digest(state)
    sealed = vault.seal({"verifier": verifier}, row=consent_name(key))
    consent = Consent(state=key, channel_id=channel.id, teammate_id=by.id, sealed=sealed, expires_at=now() + GOOD_FOR)
    session.add(consent)
    session.flush()
    address = consent_address(
        sign_in, str(connector.settings.client_id), redirect_uri=return_to, state=state, verifier=verifier
    )
    return Begun(address, state)


def signs_in(kind: str) -> bool:
    """Whether channels of this kind may need a person to sign in at the platform."""
    return channel_connector(kind).sign_in is not ChannelConnector.sign_in


def needs_sign_in(kind: str, setup: Setup, settings: Settings) -> bool:
    """Whether a channel with these settings does."""
    return channel_connector(kind)(setup, surroundings(NoMemory(), settings)).sign_in() is not None


def is_other_client(setup: Setup, stored: Mapping[str, Any]) -> bool:
    """Whether these settings belong to another app at the platform than those stored, whose permission is then void."""
    given = {name: getattr(setup, name, None) for name in ("client_id", "client_secret")}
    shown = {n: each.get_secret_value() if isinstance(each, SecretStr) else each for n, each in given.items()}
    return any(shown[name] != stored.get(name) for name in shown)


def digest(state: str) -> str:
    """How a state is kept: who reads the database cannot bring it back."""
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()


def consent_name(key: str) -> str:
    """The name that a verifier is bound to."""
    return f"consent:{key}"
