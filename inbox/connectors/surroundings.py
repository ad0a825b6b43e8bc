"""What the house lends a connector: a small memory, a measure of how fast it may go, and a few settings."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol


class Memory(Protocol):
    """Small encrypted state of one connection (session tokens). `save` is durable before it returns."""

    def load(self) -> dict[str, Any]: ...
    def save(self, state: Mapping[str, Any]) -> None: ...

    def alone(self) -> AbstractContextManager[None]:
        """While inside, no other process or thread is inside for this connection: for tokens that may be used once.

        Load again after entering. Raises Passing when it cannot be had within some seconds.
        """
        ...


class Pace(Protocol):
    """How fast one connection may go, counted over all processes. The HTTP client asks and tells; connectors rarely do."""

    def take(self, scope: str = "", cost: int = 1) -> None:
        """Before a call. Raises RateLimited when the budget is used up, or what is left is kept for people's replies."""
        ...

    def learn(self, scope: str, *, remaining: float, limit: float | None, reset_seconds: float | None) -> None:
        """What the platform said about the budget in its answer."""
        ...


class NoPace:
    """As fast as asked: for a connection that is only being tried."""

    def take(self, scope: str = "", cost: int = 1) -> None:
        """Nothing is counted."""

    def learn(self, scope: str, *, remaining: float, limit: float | None, reset_seconds: float | None) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the house lends a connector. `base_url` is where Trellis itself can be reached.

    `is_polled` says that a channel of ours reads there already: a platform that lets only one read at a time is then left
    to its polls.
    """

    memory: Memory
    allow_private_addresses: bool = False
    timeout_seconds: float = 20.0
    pace: Pace = field(default_factory=NoPace)
    base_url: str = ""
    is_polled: bool = False
