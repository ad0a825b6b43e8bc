"""Finishes a sign-in: the code that a person brought back becomes tokens, and the channel listens, from where it had stopped."""

from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.abilities import keep_described
from inbox.channels.begin_sign_in import NoSignIn, consent_name, digest
from inbox.channels.check import Checked, look
from inbox.channels.connect import add_streams, keep_checked, name_after
from inbox.channels.edit import hold_streams, listen, require_same
from inbox.channels.models import Channel, Consent
from inbox.channels.open import NoMemory, StoredMemory, read_settings, surroundings
from inbox.channels.permission import Permission, permission
from inbox.clock import earliest, now
from inbox.config import Settings
from inbox.connectors.contract import StreamSpec
from inbox.connectors.oauth import exchange
from inbox.connectors.registry import channel_connector
from inbox.database import Database
from inbox.teams.models import Teammate
from inbox.vault import CannotOpen, Vault

# Where nobody has said since when, because the streams of an account are known only after the sign-in.
LOOKS_BACK = timedelta(days=30)


class StaleConsent(ValueError):
    """This sign-in was not begun here, was finished already, or took too long."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of a consent, not stored yet."""

    checked: Checked
    streams: tuple[StreamSpec, ...]
    permission: Permission


def take_consent(session: Session, vault: Vault, state: str, *, by: Teammate) -> tuple[int, str]:
    """The channel and the verifier of a sign-in that `by` has begun; a second time it is gone. Raises StaleConsent."""
    query = sa.delete(Consent).where(Consent.state == digest(state)).returning(Consent)
    consent = session.scalar(query.execution_options(synchronize_session=False))
    if consent is None or consent.teammate_id != by.id or consent.expires_at < now():
        raise StaleConsent(state)
    try:
        return consent.channel_id, str(vault.open(consent.sealed, row=consent_name(consent.state))["verifier"])
    except CannotOpen:
        raise StaleConsent(state) from None


def redeem(
    channel: Channel, database: Database, vault: Vault, settings: Settings, *, code: str, verifier: str, return_to: str
) -> Granted:
    """Exchange the code and look at the account, in a memory of its own: what the channel has now stays until then.

    Speaks to the network, stores nothing. Raises ConnectorError.
    """
    kept = StoredMemory(channel.id, database, vault).load()
    memory = NoMemory({name: value for name, value in kept.items() if name != "tokens"})
    connector = channel_connector(channel.kind)(read_settings(channel, vault), surroundings(memory, settings))
    sign_in = connector.sign_in()
    if sign_in is None:
        raise NoSignIn(channel.kind)
    exchange(sign_in, connector.settings, connector.surroundings, code=code, redirect_uri=return_to, verifier=verifier)
    checked = replace(look(connector), memory=memory.state)
    return Granted(checked, tuple(connector.streams()), permission(sign_in, memory.state))


def finish_sign_in(session: Session, vault: Vault, channel: Channel, granted: Granted, *, by: Teammate) -> None:
    """Keep the permission and listen. History and cursors stay. Raises OtherAccount, and then nothing has changed.

    Called inside the channel's turn, so that no refresh of the older permission is under way.
    """
    require_same(channel, granted.checked)
    hold_streams(session, channel)
    is_first = not channel.account_id
    since = earliest(*(stream.since for stream in channel.streams)) or channel.created_at - LOOKS_BACK
    keep_checked(vault, channel, granted.checked)
    keep_described(channel, granted.checked.abilities, granted.permission)
    if is_first:
        name_after(session, channel, granted.checked.account.name)
    listen(session, channel)
    add_streams(session, channel, granted.streams, since)
    record(session, "channel.signed_in", "channel", channel.id, by=by)
