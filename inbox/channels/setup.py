"""Which kinds of channels there are, and the settings of a channel, read from a form and kept in its row."""

import json
from collections.abc import Mapping
from typing import Any

from inbox import setups
from inbox.channels.models import Channel
from inbox.channels.open import row_name
from inbox.connectors.contract import ChannelConnector, Group, Guide, Setup
from inbox.connectors.registry import CHANNELS, channel_connector
from inbox.vault import Vault


def channel_kinds() -> dict[str, str]:
    """The kinds of channels there are, with the label of each."""
    return {kind: channel_connector(kind).label for kind in CHANNELS}


def about_of(kind: str) -> str:
    """What comes in by a kind, in one line. Raises KeyError for an unknown kind."""
    return channel_connector(kind).about


def group_of(kind: str) -> Group:
    """Among what else a kind is looked for. Raises KeyError for an unknown kind."""
    return channel_connector(kind).group


def setup_of(kind: str) -> type[Setup]:
    """The settings a kind asks for. Raises KeyError for an unknown kind."""
    return channel_connector(kind).setup


def guide_of(kind: str) -> Guide:
    """How an operator gets what the settings ask for. Raises KeyError for an unknown kind."""
    return channel_connector(kind).guide


def manifest_of(kind: str, base_url: str) -> str:
    """The description of an app that the platform takes instead of a form, as JSON; empty where it takes none."""
    describe = getattr(channel_connector(kind), "manifest", None)
    return json.dumps(describe(base_url), indent=2) if describe else ""


def reads_again(kind: str) -> bool:
    """Whether single items of a kind that the quarantine keeps can be read anew; not of a kind that is not known."""
    return kind in CHANNELS and channel_connector(kind).reread is not ChannelConnector.reread


def read_setup(kind: str, values: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None) -> Setup:
    """The settings in a form's `values`. An empty secret stays as it was in `kept`. Raises BadSetup, or KeyError."""
    return setups.read_setup(setup_of(kind), values, kept)


def keep_setup(vault: Vault, channel: Channel, setup: Setup) -> None:
    """Put the settings into the channel's row, which has its id already."""
    setups.keep_setup(vault, channel, row_name(channel.id), setup)
    channel.host = setups.host_of(setup) or channel.kind


def kept_setup(vault: Vault, channel: Channel) -> dict[str, Any]:
    """All settings of a channel, secrets included, for `read_setup`; without the secrets when they do not open."""
    return setups.kept_setup(vault, channel, row_name(channel.id))
