"""What a tracker's connector promises: an idea goes in as a card and becomes a ticket, whose state can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from inbox.connectors.contract import Account, Receipt, Setup, Surroundings


@dataclass(frozen=True, slots=True)
class IdeaCard:
    """An idea as a tracker gets it. `key` is stable over attempts, `back_url` leads to the idea in Trellis."""

    key: str
    title: str
    summary: str
    back_url: str
    team: str
    language: str = "en"
    people: int = 0
    quotes: Sequence[tuple[str, str, str]] = ()  # (words, author, address)


@dataclass(frozen=True, slots=True)
class TicketState:
    """How a ticket stands at the tracker. `state` is "open", "done" or "declined"."""

    external_id: str
    state: str
    title: str = ""
    url: str = ""
    changed_at: datetime | None = None


class TrackerConnector(Protocol):
    """A place we push ideas to."""

    kind: ClassVar[str]
    label: ClassVar[str]
    setup: ClassVar[type[Setup]]
    reads_state: ClassVar[bool]

    def __init__(self, settings: Any, surroundings: Surroundings) -> None: ...
    def check(self) -> Account: ...
    def create(self, card: IdeaCard) -> Receipt: ...
    def find_created(self, card: IdeaCard) -> Receipt | None: ...
    def read(self, external_id: str) -> TicketState: ...
