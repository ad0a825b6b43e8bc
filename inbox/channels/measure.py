"""Measures an answer before it is queued, as the channel's platform will. Speaks to no network."""

from collections.abc import Callable

from inbox.channels.abilities import abilities
from inbox.channels.models import Channel
from inbox.channels.open import open_connector
from inbox.config import Settings
from inbox.connectors.contract import NeedsPerson, Unit
from inbox.database import Database
from inbox.text import count_graphemes
from inbox.vault import Vault

ROUGHLY: dict[Unit, Callable[[str], int]] = {
    Unit.CHARACTERS: len,
    Unit.GRAPHEMES: count_graphemes,
    Unit.BYTES: lambda text: len(text.encode()),
    Unit.UTF16: lambda text: len(text.encode("utf-16-le")) // 2,
    Unit.WEIGHTED: lambda text: sum(1 if ord(letter) < 0x1100 else 2 for letter in text),
}


def measure(channel: Channel, text: str, database: Database, vault: Vault, settings: Settings) -> int:
    """The length of `text` as its platform counts it, addresses and all."""
    try:
        return open_connector(channel, database, vault, settings).length(text)
    except NeedsPerson:
        # A channel that does not open says so when the answer is to leave; until then its unit is near enough.
        return ROUGHLY[abilities(channel).text_unit](text)
