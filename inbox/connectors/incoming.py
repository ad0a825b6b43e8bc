"""What connectors hand over, as plain values: messages with their authors, deletions, bad items, and the batches they come in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from inbox.connectors.declared import Metric
from inbox.sentence import NOTHING, Sentence


class Visibility(StrEnum):
    """Who can read a message at its source; a reply is never wider than what it answers."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


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
    A message that is already known is compared: another `text` makes a revision. `metrics` are the public counts that came
    along with it.
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
    metrics: Mapping[Metric, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deletion:
    """The platform says that this message is gone; with `can_come_back` only out of sight, until a moderator relents."""

    external_id: str
    deleted_at: datetime | None = None
    can_come_back: bool = False


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item that could not be read. It goes to quarantine with its payload; the others go on."""

    reason: Sentence
    raw: str
    external_id: str = ""
    line_number: int | None = None


@dataclass(frozen=True, slots=True)
class IncomingReport:
    """What a platform says later of an answer that left under this id: that it reached the person, or why it did not."""

    external_id: str
    has_arrived: bool
    reason: Sentence = NOTHING


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a stream and the cursor after it, which is stored in the same transaction as the rows.

    Every fetched item is in exactly one of the four: messages, deletions, bad, or counted in `filtered`. What some of them
    say of our own answers is in `reports` besides.
    """

    messages: Sequence[IncomingMessage] = ()
    deletions: Sequence[Deletion] = ()
    bad: Sequence[BadItem] = ()
    filtered: int = 0
    cursor: Mapping[str, Any] = field(default_factory=dict)
    answer: str = ""  # what a webhook's sender is told, where it waits for certain words
    reports: Sequence[IncomingReport] = ()

    @property
    def fetched(self) -> int:
        return len(self.messages) + len(self.deletions) + len(self.bad) + self.filtered
