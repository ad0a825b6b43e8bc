"""What a platform looks like from here, played from recordings: the base of one stage per kind, so that one suite fits all."""

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors.contract import ChannelConnector, IncomingMessage, OutgoingReply, Surroundings
from inbox.connectors.registry import channel_connector

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
Answer = Callable[[httpx.Request], httpx.Response]


def recording(path: str) -> Any:
    """A recording: JSON as it is, XML as text."""
    text = (RECORDINGS / path).read_text(encoding="utf-8")
    return json.loads(text) if path.endswith(".json") else text


class Remembering:
    """The memory of one connection, as long as the test lives."""

    def __init__(self, **state: Any) -> None:
        self.state: dict[str, Any] = state

    def load(self) -> dict[str, Any]:
        return copy.deepcopy(self.state)

    def save(self, state: Mapping[str, Any]) -> None:
        self.state = dict(copy.deepcopy(dict(state)))

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()


class Stage(ABC):
    """A platform that answers from `routes`; `upset`, if given, answers instead for the paths that matter."""

    kind: ClassVar[str]
    stream: ClassVar[str]
    settings: ClassVar[dict[str, Any]]
    host: ClassVar[str]
    poll_path: ClassVar[str]
    send_path: ClassVar[str] = ""
    has_pages: ClassVar[bool] = True
    has_authors: ClassVar[bool] = True
    too_long: ClassVar[str] = ""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[httpx.Request] = []
        self.memory = Remembering()
        self.items: list[Any] = self.recorded()
        self.pages: list[list[Any]] | None = None
        self.upset: Answer | None = None
        self.upset_paths = {self.poll_path}
        self.sent: OutgoingReply | None = None
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda _self, request: self.answer(request))

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if self.upset and request.url.path in self.upset_paths:
            response = self.upset(request)
        elif request.url.host != self.host:
            response = httpx.Response(404)
        else:
            response = self.route(request)
        response.request = request
        return response

    def connector(self) -> ChannelConnector:
        kind = channel_connector(self.kind)
        return kind(kind.setup(**self.settings), Surroundings(self.memory))

    def reply_to(self, message: IncomingMessage, text: str = "Unter Menü, Plan.") -> OutgoingReply:
        return OutgoingReply(
            key="delivery-1",
            text=text,
            thread_id=message.thread_id,
            parent_id=message.external_id,
            parent_handle=message.reply_handle,
            language="de",
            created_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
        )

    @abstractmethod
    def recorded(self) -> list[Any]:
        """The items, newest first."""

    @abstractmethod
    def route(self, request: httpx.Request) -> httpx.Response:
        """What the platform answers when all is well."""

    # ── the same item, changed ──
    @abstractmethod
    def named(self, item: Any, name: str) -> Any:
        """Another item of the same kind."""

    @abstractmethod
    def worded(self, item: Any, text: str) -> Any:
        """The item with other words."""

    @abstractmethod
    def dated(self, item: Any, value: Any) -> Any:
        """The item with another time, or what claims to be one."""

    @abstractmethod
    def broken(self, item: Any) -> Any:
        """An item that cannot be read."""

    @abstractmethod
    def name_of(self, item: Any) -> str:
        """The external id its message must have."""

    def anonymous(self, item: Any) -> Any:
        """The item without an author."""
        return item
