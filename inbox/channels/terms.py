"""What a platform's terms say about keeping what came from there, and which kinds let messages be asked for again."""

from functools import cache

from inbox.channels.abilities import kind_abilities
from inbox.connectors.contract import Retention
from inbox.connectors.registry import CHANNELS, channel_connector

FOR_EVER = Retention()


def terms(kind: str) -> Retention:
    """How long words and names of this kind may be kept; without end for kinds that this version no longer knows."""
    try:
        return channel_connector(kind).retention
    except KeyError:
        return FOR_EVER


def kinds_that_forget_authors() -> dict[str, int]:
    """The kinds whose terms let names be kept only for so many hours."""
    return {kind: hours for kind in CHANNELS if (hours := terms(kind).author_hours)}


def kinds_that_forget_words() -> dict[str, int]:
    """The kinds whose terms let words be kept only for so many hours, unless they were asked for again meanwhile."""
    found = ((kind, terms(kind)) for kind in CHANNELS)
    hours = ((kind, [*filter(None, (t.text_hours, 24 * (t.refresh_days or 0)))]) for kind, t in found)
    return {kind: min(each) for kind, each in hours if each}


@cache
def kinds_asked_again() -> frozenset[str]:
    """The kinds whose platforms give single messages again."""
    return frozenset(kind for kind in CHANNELS if kind_abilities(kind).refetches)
