"""What the platform of a channel lets us do: as its connector last said of this very connection, else as its kind declares."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Any

from inbox.channels.models import Channel
from inbox.channels.permission import Permission
from inbox.connectors.contract import ActName, Capabilities, ChannelConnector, Metric, Unit
from inbox.connectors.registry import CHANNELS, channel_connector

NOTHING = Capabilities(polls=False, allows_training=False)
# The sets among what a connector says, and of what.
NAMES: Mapping[str, type[StrEnum]] = {"acts": ActName, "undoable": ActName, "ends": ActName, "metrics": Metric}


def abilities(channel: Channel) -> Capabilities:
    """What this connection may do. Reads no credentials and speaks to nobody."""
    declared = kind_abilities(channel.kind)
    return _unpacked(declared, channel.abilities) if channel.abilities else declared


def kind_abilities(kind: str) -> Capabilities:
    """What a kind of channel declares; of a kind that this version no longer knows: nothing."""
    try:
        return channel_connector(kind).capabilities
    except KeyError:
        return NOTHING


def described(connector: ChannelConnector) -> dict[str, Any]:
    """What the connector says of its connection, for the channel's row."""
    said = asdict(connector.describe())
    return said | {name: sorted(said[name]) for name in NAMES}


def keep_described(channel: Channel, said: Mapping[str, Any], granted: Permission | None) -> None:
    """Keep what a connector says of its connection, when it has changed."""
    if channel.abilities != said:
        channel.abilities = dict(said)
    if granted is not None:
        channel.scopes, channel.signed_in_until = " ".join(granted.scopes), granted.until


def kinds_for_training() -> list[str]:
    """The kinds of channels whose platform's terms allow that a classifier learns from what is written there.

    Not among them are kinds that this version does not know (any more): nobody can tell their terms.
    """
    return [kind for kind in CHANNELS if kind_abilities(kind).allows_training]


def _unpacked(declared: Capabilities, said: Mapping[str, Any]) -> Capabilities:
    # The row may be older or newer than this version: what one of them does not know is left as declared.
    known = {name: value for name, value in said.items() if name in Capabilities.__dataclass_fields__}
    for name, enum in NAMES.items():
        if name in known:
            known[name] = frozenset(enum(each) for each in known[name] if each in set(enum))
    if known.get("text_unit") not in set(Unit):
        known["text_unit"] = declared.text_unit
    # Terms are the platform's; no connection is exempt.
    known |= {"text_unit": Unit(known["text_unit"]), "allows_training": declared.allows_training}
    return replace(declared, **known)
