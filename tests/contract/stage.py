"""What a platform looks like from here, played from recordings: the base of one stage per kind, so that one suite fits all."""

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
import time_machine

from inbox.clock import now
from inbox.connectors.contract import (
    Account,
    Batch,
    ChannelConnector,
    IncomingMessage,
    Known,
    Metric,
    OutgoingReply,
    Surroundings,
)
from inbox.connectors.registry import channel_connector
from tests.contract.official import Official, check_all

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
HERE = {"127.0.0.1", "::1", "localhost"}
Answer = Callable[[httpx.Request], httpx.Response]


def recording(path: str) -> Any:
    """A recording: JSON as it is, XML as text."""
    text = (RECORDINGS / path).read_text(encoding="utf-8")
    return json.loads(text) if path.endswith(".json") else text


class _Written:
    """JSON as text, whatever it says."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def encode(self, *_encoding: str) -> bytes:
        return self.body


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
    """A platform that answers from `route`; `upset`, if given, answers instead where `upset_where` says so.

    A platform that lacks something says so by the reason in one of the `no_…`; what a connector declares in its
    capabilities is not said again here.
    """

    kind: ClassVar[str]
    name: ClassVar[str] = ""  # where one kind has several stages
    stream: ClassVar[str] = ""
    settings: ClassVar[dict[str, Any]]
    host: ClassVar[str]
    poll_path: ClassVar[str] = ""
    send_path: ClassVar[str] = ""
    official: ClassVar[Sequence[Official]] = ()
    # Reasons for what this platform does not have.
    no_pages: ClassVar[str] = ""
    no_authors: ClassVar[str] = ""
    no_markup: ClassVar[str] = ""
    no_official: ClassVar[str] = ""
    no_signed_time: ClassVar[str] = ""
    no_signed_body: ClassVar[str] = ""
    no_receipt: ClassVar[str] = ""  # why any success is believed
    no_refetch: ClassVar[str] = ""  # why the messages of this stream are not given again
    no_answers: ClassVar[str] = ""  # why no recorded message of this stream answers another
    no_metrics: ClassVar[str] = ""  # why the messages of this stream are not counted
    no_metric: ClassVar[
        Mapping[Metric, str]
    ] = {}  # counts that the messages of this stream do not have, with the reason
    no_search: ClassVar[str] = ""  # why `find_sent` cannot look
    no_quarantine: ClassVar[str] = ""  # why an item that was kept is not tried here
    # What the platform makes of words.
    too_long: ClassVar[str] = ""
    lengths: ClassVar[Mapping[str, int]] = {}  # where it counts otherwise than its unit says
    markup: ClassVar[tuple[str, str]] = ("", "")  # as the platform writes it, and as it is read
    pages_are_counted: ClassVar[bool] = False  # by number or offset, so that a deletion moves items up
    no_act: ClassVar[Mapping[str, str]] = {}  # acts that the messages of this stream do not take, with the reason
    delivered_at_once: ClassVar[int] = 2  # how many messages the suite puts into one delivery
    tells_when: ClassVar[bool] = True  # whether its 429 says how long to wait

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[httpx.Request] = []
        self.violations: list[str] = []
        self.memory = Remembering()
        self.items: list[Any] = self.recorded()
        self.pages: list[list[Any]] | None = None
        self.upset: Answer | None = None
        self.upset_where: Callable[[httpx.Request], bool] = self.is_poll
        self.sent: OutgoingReply | None = None
        self.checks_answers = False
        self.renewal_fails: httpx.Response | None = None
        carry = self._carry
        self._network = httpx.HTTPTransport.handle_request
        # A function, because a method would not be told which transport it is called for.
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda transport, request: carry(request, transport))

    # ── playing ──
    def _carry(self, request: httpx.Request, transport: httpx.HTTPTransport) -> httpx.Response:
        if request.url.host in HERE:
            # The guard that refuses private addresses is the real one.
            self.requests.append(request)
            return self._network(transport, request)
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What comes back, held against the official contract where there is one."""
        request.read()
        self.requests.append(request)
        if self.upset and self.upset_where(request):
            response, is_ours = self.upset(request), False
        elif request.method == "POST" and self.is_renewal(request):
            response, is_ours = self.renewal_fails or httpx.Response(200, json=self.fresh_tokens()), False
        elif not self.is_ours(request):
            response, is_ours = httpx.Response(404), False
            if self.upset is None:
                self.violations.append(f"{request.method} {request.url}: {self.kind} is not asked there")
        else:
            response, is_ours = self.route(request), True
        response.request = request
        if is_ours:
            self.violations += check_all(self.official, request, response if self.checks_answers else None)
        return response

    @property
    def upset_paths(self) -> set[str]:
        """Where `upset` answers, as paths."""
        raise AttributeError("set upset_paths, ask upset_where")

    @upset_paths.setter
    def upset_paths(self, paths: set[str]) -> None:
        self.upset_where = lambda request: request.url.path in paths

    def is_ours(self, request: httpx.Request) -> bool:
        """Whether the request is for this platform."""
        return request.url.host == self.host

    def is_poll(self, request: httpx.Request) -> bool:
        """Whether the request reads the items."""
        return request.url.path == self.poll_path and (request.method == "GET" or self.poll_path != self.send_path)

    def is_send(self, request: httpx.Request) -> bool:
        """Whether the request sends an answer."""
        return request.url.path == self.send_path and request.method in {"POST", "PUT"}

    def is_renewal(self, request: httpx.Request) -> bool:
        """Whether the request is for a fresh token."""
        sign_in = self.connector().sign_in()
        return sign_in is not None and str(request.url).partition("?")[0] == sign_in.token_url

    def forget(self) -> None:
        """Nobody has been shown anything yet, where it keeps count of that."""
        return

    def connector(self) -> ChannelConnector:
        """The connector, connected with this platform."""
        kind = channel_connector(self.kind)
        return kind(kind.setup(**self.settings), Surroundings(self.memory, base_url="https://inbox.example"))

    def brought(self, cursor: Any = None, since: datetime | None = None) -> list[Batch]:
        """Every batch of one poll, or what is delivered where nothing is polled; cursors must survive the database."""
        connector = self.connector()
        if not connector.capabilities.polls:
            return [connector.receive(*self.delivery(self.items))]
        batches = list(connector.poll(self.stream, json.loads(json.dumps(cursor)), since))
        json.dumps([dict(batch.cursor) for batch in batches])
        return batches

    @contextmanager
    def later(self, span: timedelta = timedelta(hours=2)) -> Iterator[None]:
        """So much time passes."""
        with time_machine.travel(now() + span):
            yield

    def reply_to(self, message: IncomingMessage, text: str = "Unter Menü, Plan.") -> OutgoingReply:
        """An answer to the message."""
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
        """What the platform answers when all is well; acts and answers change what it says afterwards."""

    # ── the same item, changed ──
    @abstractmethod
    def named(self, item: Any, name: str) -> Any:
        """Another item of the same kind, newer than the recorded ones."""

    @abstractmethod
    def worded(self, item: Any, text: str) -> Any:
        """The item with other words, as after an edit."""

    @abstractmethod
    def dated(self, item: Any, value: Any) -> Any:
        """The item with another time, or what claims to be one."""

    @abstractmethod
    def broken(self, item: Any) -> Any:
        """An item that cannot be read."""

    @abstractmethod
    def name_of(self, item: Any) -> str:
        """The external id its message must have."""

    def moment(self, at: datetime) -> Any:
        """A time as the platform writes it."""
        return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def marked(self, item: Any, source: str) -> Any:
        """The item with these words in the platform's own markup."""
        return self.worded(item, source)

    def anonymous(self, item: Any) -> Any:
        """The item without an author."""
        return item

    def edit(self, index: int, text: str) -> None:
        """Somebody edits an item: it says something else from now on, or the platform tells of it in a new item."""
        self.items[index] = self.worded(self.items[index], text)

    def delete(self, index: int) -> None:
        """Somebody deletes an item: it is gone, or the platform tells of it in a new item."""
        del self.items[index]

    # ── this platform's dialect ──
    def patience(self, seconds: int) -> httpx.Response:
        """How it asks for patience."""
        return httpx.Response(429, headers={"Retry-After": str(seconds)}, json={"error": "Too many requests"})

    def unauthorised(self) -> httpx.Response:
        """What it says to a wrong or expired token."""
        return httpx.Response(401, json={"error": "The access token is invalid"})

    def refusal(self) -> httpx.Response:
        """A clear no to an answer that it will never accept."""
        return httpx.Response(422, json={"error": "Validation failed"})

    # ── deliveries, for platforms that bring messages ──
    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        """Headers and body of a signed delivery, made at `at` (now), or with another secret."""
        raise AssertionError(f"{self.kind} delivers nothing, and its traits say so")

    def report(self, name: str, *, has_arrived: bool, forged: bool = False) -> Any:
        """Headers and body of a signed delivery that says what became of our answer of that id."""
        raise AssertionError(f"{self.kind} tells nothing later, and its traits say so")

    def signed_as_it_is(self, body: bytes) -> Any:
        """Headers and body of a delivery that says anything at all, but is rightly signed."""
        with pytest.MonkeyPatch.context() as patch:
            # Stages sign the JSON they write; this is what they have written.
            patch.setattr(json, "dumps", lambda *_content, **_options: _Written(body))
            return self.delivery(self.items[:1])

    def greeting(self) -> tuple[Mapping[str, str], str, Mapping[str, str]]:
        """A right greeting's query, what it is answered with, and a wrong one."""
        raise AssertionError(f"{self.kind} is not greeted, and its traits say so")

    # ── where a person signs in ──
    def fresh_tokens(self) -> Mapping[str, Any]:
        """What the token address answers to a refresh."""
        return {"access_token": "fresh-token", "refresh_token": "refresh-2", "expires_in": 3600}

    def known(self, batches: Sequence[Batch]) -> list[Known]:
        """The messages as they would be asked for again."""
        return [Known(m.external_id, m.thread_id, m.reply_handle) for batch in batches for m in batch.messages]

    def checked(self) -> Account:
        """The connection's account."""
        return self.connector().check()
