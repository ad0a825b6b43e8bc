"""What every connector promises: plain data in, plain data out, and a closed set of errors. Free to all features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

# Part of the contract: connectors and their callers take these from here.
from inbox.connectors.errors import ConnectorError as ConnectorError
from inbox.connectors.errors import Gone as Gone
from inbox.connectors.errors import NeedsPerson as NeedsPerson
from inbox.connectors.errors import OutcomeUnknown as OutcomeUnknown
from inbox.connectors.errors import Passing as Passing
from inbox.connectors.errors import RateLimited as RateLimited
from inbox.connectors.errors import Refused as Refused


def N_(words: str) -> str:
    """Marks words for translation where they are declared; the page that shows them translates."""
    return words


class Visibility(StrEnum):
    """Who can read a message at its source; a reply is never wider than what it answers."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


class ActName(StrEnum):
    """What can be done to a message or its author at the source."""

    HIDE = "hide"
    DELETE = "delete"
    MARK_SPAM = "mark_spam"
    MUTE = "mute"
    BLOCK = "block"
    REPORT = "report"


class Unit(StrEnum):
    """How a platform counts the length of a text."""

    CHARACTERS = "characters"
    GRAPHEMES = "graphemes"
    BYTES = "bytes"


# ── what comes in ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote. `external_id` is the platform's stable key, `handle` what people see."""

    external_id: str
    handle: str = ""
    name: str = ""
    avatar_url: str = ""
    profile_url: str = ""
    is_us: bool = False


@dataclass(frozen=True, slots=True)
class IncomingAttachment:
    """A file that came with a message: its bytes (already capped), or the address where it lies."""

    name: str
    media_type: str = "application/octet-stream"
    size_bytes: int = 0
    content: bytes | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One thing somebody wrote. `text` is plain and without quoted history, which goes to `quote`; `html` is as received.

    `reply_handle` is what this connector needs later to answer or moderate this very message (ids, visibility …).
    A message that is already known is compared: another `text` makes a revision.
    """

    external_id: str
    thread_id: str
    text: str
    posted_at: datetime | None = None
    author: Author | None = None
    html: str | None = None
    quote: str = ""
    subject: str = ""
    url: str = ""
    parent_id: str = ""
    language: str = ""
    visibility: Visibility = Visibility.PUBLIC
    edited_at: datetime | None = None
    is_automatic: bool = False
    attachments: tuple[IncomingAttachment, ...] = ()
    reply_handle: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] | str | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """The platform says that this message is gone."""

    external_id: str
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item that could not be read. It goes to quarantine with its payload; the others go on."""

    reason: str
    raw: str
    external_id: str = ""
    line_number: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a stream and the cursor after it, which is stored in the same transaction as the rows.

    Every fetched item is in exactly one of the four: messages, deletions, bad, or counted in `filtered`.
    """

    messages: Sequence[IncomingMessage] = ()
    deletions: Sequence[Deletion] = ()
    bad: Sequence[BadItem] = ()
    filtered: int = 0
    cursor: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fetched(self) -> int:
        return len(self.messages) + len(self.deletions) + len(self.bad) + self.filtered


# ── what goes out ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """An answer to one message. `key` is stable over attempts: use it as the platform's idempotency key or Message-ID."""

    key: str
    text: str
    thread_id: str
    parent_id: str
    parent_handle: Mapping[str, Any]
    author_name: str = ""
    subject: str = ""
    language: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A moderation act on a message or on its author."""

    key: str
    name: ActName
    message_id: str
    author_id: str
    handle: Mapping[str, Any]
    reason: str = ""
    undo: bool = False
    undo_state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that something left: the platform's id for it, where it can be seen, and what undoing it needs."""

    external_id: str = ""
    url: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


# ── what a connector is ──────────────────────────────────────────────────────────────────────────────────────────────


class Setup(BaseModel):
    """Settings of a connection. Fields draw the form (title, description, order), validate it, and mark secrets by SecretStr."""

    # A secret that was refused must not be in the words of the refusal.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Account:
    """What a connection turned out to be, with its last real messages, newest first."""

    name: str
    external_id: str = ""
    url: str = ""
    latest: Sequence[IncomingMessage] = ()


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One pollable part of a channel and how often to look, in seconds."""

    name: str
    every: int = 60


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this platform lets us do, declared once; `because` gives the reason for what it does not."""

    polls: bool = True
    receives: bool = False
    replies: bool = False
    tells_edits: bool = False
    tells_deletes: bool = False
    acts: frozenset[ActName] = frozenset()
    undoable: frozenset[ActName] = frozenset()
    text_limit: int = 0
    text_unit: Unit = Unit.CHARACTERS
    because: Mapping[str, str] = field(default_factory=dict)
    allows_training: bool = True  # the platform's terms let what is written there teach a classifier


class Memory(Protocol):
    """Small encrypted state of one connection (session tokens). `save` is durable before it returns."""

    def load(self) -> dict[str, Any]: ...
    def save(self, state: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the house lends a connector."""

    memory: Memory
    allow_private_addresses: bool = False
    timeout_seconds: float = 20.0


class ChannelConnector(Protocol):
    """A platform we listen to and answer on. One instance serves one connection for one run and keeps no other state."""

    kind: ClassVar[str]
    label: ClassVar[str]
    setup: ClassVar[type[Setup]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, settings: Any, surroundings: Surroundings) -> None: ...

    def check(self) -> Account:
        """Sign in and look; store nothing. Raises ConnectorError."""
        ...

    def streams(self) -> Sequence[StreamSpec]:
        """The streams this connection has."""
        ...

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Everything after `cursor` in batches, oldest first where the platform allows; the first time from `since`.

        Repeats are allowed, gaps are not. An older version's cursor is understood or restarted from `since`.
        """
        ...

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """A webhook's delivery, verified. Raises Refused when the signature, time or form is wrong."""
        ...

    def length(self, text: str) -> int:
        """The length of `text` as the platform counts it."""
        ...

    def send(self, reply: OutgoingReply) -> Receipt:
        """Send once. Raises OutcomeUnknown when it may or may not have arrived, else another ConnectorError."""
        ...

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look whether an earlier attempt with this key arrived. None when surely not; raises when it cannot be told."""
        ...

    def act(self, act: Act) -> Receipt:
        """Do (or undo) a moderation act; doing it twice does no harm."""
        ...
