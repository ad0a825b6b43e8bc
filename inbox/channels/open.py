"""Opens a channel's connector from its row. Speaks to no network; the connector may later save its session's state."""

import contextlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from inbox.channels.models import Channel
from inbox.channels.pace import LEFT_BY_PEOPLE, LEFT_BY_POLLS, SharedPace
from inbox.channels.turn import turn
from inbox.config import Settings
from inbox.connectors.contract import N_, ChannelConnector, NeedsPerson, NoPace, Pace, Setup, Surroundings
from inbox.connectors.registry import CHANNELS, channel_connector
from inbox.database import Database
from inbox.vault import CannotOpen, Vault


class StoredMemory:
    """A connector's small state in its channel's row, encrypted. Each `save` is a short transaction of its own."""

    def __init__(self, channel_id: int, database: Database, vault: Vault) -> None:
        self._channel_id = channel_id
        self._database = database
        self._vault = vault

    def load(self) -> dict[str, Any]:
        """What was saved last; nothing when it does not open: then the connector signs in anew."""
        with self._database.reading() as session:
            sealed = session.scalar(sa.select(Channel.memory).where(Channel.id == self._channel_id))
        with contextlib.suppress(CannotOpen):
            return self._vault.open(sealed, row=memory_name(self._channel_id))
        return {}

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep `state`; it is durable when this returns. Never called while a transaction of this thread is open."""
        sealed = self._vault.seal(state, row=memory_name(self._channel_id))
        with self._database.writing() as session:
            session.execute(sa.update(Channel).where(Channel.id == self._channel_id).values(memory=sealed))

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """While inside, no other process or thread is. Raises Passing."""
        return turn(self._channel_id, self._database)


class NoMemory:
    """The memory of a connection that is only being tried."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self.state: dict[str, Any] = dict(state or {})

    def load(self) -> dict[str, Any]:
        """What was saved during this try."""
        return dict(self.state)

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep `state` for this try."""
        self.state = dict(state)

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """A try knows only itself."""
        return contextlib.nullcontext()


def open_connector(
    channel: Channel, database: Database, vault: Vault, settings: Settings, *, leaves: float = LEFT_BY_POLLS
) -> ChannelConnector:
    """The connector of this channel; it `leaves` that share of the channel's budget to what is more urgent.

    Raises NeedsPerson when its kind, settings or credentials do not open.
    """
    return lend(channel, read_settings(channel, vault), database, vault, settings, leaves=leaves)


def lend(
    channel: Channel,
    setup: Setup,
    database: Database,
    vault: Vault,
    settings: Settings,
    *,
    leaves: float = LEFT_BY_PEOPLE,
) -> ChannelConnector:
    """The channel's connector with these settings and the channel's own memory and pace."""
    connector = channel_connector(channel.kind)
    memory = StoredMemory(channel.id, database, vault)
    pace = SharedPace(channel.id, connector.rates, leaves=leaves)
    return connector(setup, surroundings(memory, settings, pace, is_polled=True))


def read_settings(channel: Channel, vault: Vault) -> Setup:
    """The channel's settings with their secrets. Raises NeedsPerson."""
    if channel.kind not in CHANNELS:
        raise NeedsPerson(
            N_("This version of Trellis knows no channel of the kind %(kind)s; connect another one.", kind=channel.kind)
        )
    try:
        return channel_connector(channel.kind).setup(
            **channel.settings, **vault.open(channel.sealed, row=row_name(channel.id))
        )
    except (CannotOpen, ValidationError, TypeError) as error:
        reason = str(error) if isinstance(error, CannotOpen) else N_("Its settings are not complete any more.")
        raise NeedsPerson(
            N_("%(name)s cannot be opened: %(reason)s Edit its settings.", name=channel.name, reason=reason)
        ) from error


def surroundings(
    memory: StoredMemory | NoMemory, settings: Settings, pace: Pace | None = None, *, is_polled: bool = False
) -> Surroundings:
    """What the house lends a connector; without `pace` it goes as fast as it likes."""
    return Surroundings(
        memory,
        allow_private_addresses=settings.allow_private_addresses,
        pace=pace or NoPace(),
        base_url=settings.base_url,
        is_polled=is_polled,
    )


def row_name(channel_id: int) -> str:
    """The name that a channel's sealed credentials are bound to."""
    return f"channel:{channel_id}"


def memory_name(channel_id: int) -> str:
    """The name that a channel's sealed session state is bound to; a swap with its credentials does not open."""
    return f"channel:{channel_id}:memory"
