"""Makes what a connector hands over fit to be stored: sizes cut, characters a database refuses dropped, lies clamped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inbox.clock import as_utc
from inbox.connectors.contract import (
    N_,
    Author,
    Deletion,
    IncomingAttachment,
    IncomingMessage,
    Metric,
    Sentence,
    Visibility,
)
from inbox.text import KEY_LIMIT, clean_key, clean_url, one_line, storable, storable_json

TEXT_LIMIT = 100_000
HTML_LIMIT = 500_000
RAW_LIMIT = 65_536
HANDLE_LIMIT = 16_384
NAME_LIMIT = 300
PREVIEW_LIMIT = 300
ATTACHMENTS_LIMIT = 50
COUNT_LIMIT = 10**15
# Nobody wrote into a community before; such a date is a clock that was never set.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
# Made once: json.dumps makes a new one for each call that has other than its own defaults.
_RAW_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
PLAIN_VALUES, PLAIN_LENGTH = 20, 500


class Unreadable(ValueError):
    """A message that cannot be stored as it is; `sentence` is the reason shown in the quarantine."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class CleanAuthor:
    """Who wrote, as the tables take it."""

    external_id: str
    handle: str
    name: str
    avatar_url: str
    profile_url: str
    is_us: bool


@dataclass(frozen=True, slots=True)
class CleanMessage:
    """One message, as the tables take it."""

    external_id: str
    thread_id: str
    parent_id: str
    author: CleanAuthor | None
    text: str
    html: str | None
    quote: str
    subject: str
    preview: str
    url: str
    language: str
    visibility: str
    is_automatic: bool
    reply_handle: dict[str, Any]
    raw: str
    metrics: dict[str, int]
    posted_at: datetime
    edited_at: datetime | None
    attachments: tuple[IncomingAttachment, ...]

    @property
    def author_id(self) -> str | None:
        """The author's id, if the platform told one."""
        return self.author.external_id if self.author else None

    @property
    def is_us(self) -> bool:
        """Whether one of our own accounts wrote it."""
        return self.author is not None and self.author.is_us


def clean(message: IncomingMessage, received_at: datetime) -> CleanMessage:
    """The message fit to be stored. Raises Unreadable for one without an id, or of another shape than promised."""
    try:
        return _clean(message, received_at)
    except (AttributeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, Unreadable):
            raise
        fault = type(error).__name__
        raise Unreadable(N_("The connector gave a message of an unexpected shape (%(fault)s).", fault=fault)) from error


def clean_deletion(deletion: Deletion, received_at: datetime) -> tuple[str, datetime]:
    """The id and the time of a deletion. Raises Unreadable for one without an id, or of another shape than promised."""
    try:
        key = clean_key(deletion.external_id).strip()
        moment = _moment(deletion.deleted_at, received_at) or received_at
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        fault = type(error).__name__
        raise Unreadable(
            N_("The connector gave a deletion of an unexpected shape (%(fault)s).", fault=fault)
        ) from error
    if not key:
        raise Unreadable(N_("The deletion names no message."))
    return key, moment


def raw_of(item: object) -> str:
    """What the quarantine keeps of an item that could not be cleaned."""
    raw = getattr(item, "raw", None)
    return raw if isinstance(raw, str) and raw else repr(item)[:RAW_LIMIT]


def _clean(message: IncomingMessage, received_at: datetime) -> CleanMessage:
    external_id = clean_key(message.external_id).strip()
    if not external_id:
        raise Unreadable(N_("The message has no id."))
    text = storable(message.text, TEXT_LIMIT)
    subject = one_line(message.subject, KEY_LIMIT)
    attachments = message.attachments[:ATTACHMENTS_LIMIT]
    return CleanMessage(
        external_id=external_id,
        thread_id=clean_key(message.thread_id).strip() or external_id,
        parent_id=clean_key(message.parent_id).strip(),
        author=_author(message.author) if message.author else None,
        text=text,
        html=storable(message.html, HTML_LIMIT) if message.html is not None else None,
        quote=storable(message.quote, TEXT_LIMIT),
        subject=subject,
        preview=one_line(text, PREVIEW_LIMIT) or subject[:PREVIEW_LIMIT] or _names(attachments),
        url=clean_url(message.url),
        language=_language(message.language),
        visibility=Visibility(message.visibility).value,
        is_automatic=bool(message.is_automatic),
        reply_handle=_reply_handle(dict(message.reply_handle)),
        raw=_raw(message.raw),
        metrics=_metrics(message.metrics),
        posted_at=_moment(message.posted_at, received_at) or received_at,
        edited_at=_edited_at(message.edited_at, received_at),
        attachments=attachments,
    )


def _author(author: Author) -> CleanAuthor | None:
    handle = one_line(author.handle, NAME_LIMIT)
    external_id = clean_key(author.external_id).strip() or handle
    if not external_id:
        return None
    return CleanAuthor(
        external_id=external_id,
        handle=handle,
        name=one_line(author.name, NAME_LIMIT),
        avatar_url=clean_url(author.avatar_url),
        profile_url=clean_url(author.profile_url),
        is_us=bool(author.is_us),
    )


def _moment(moment: datetime | None, received_at: datetime) -> datetime | None:
    if moment is None:
        return None
    moment = as_utc(moment)
    return moment if EARLIEST <= moment <= received_at else received_at


def _edited_at(moment: datetime | None, received_at: datetime) -> datetime | None:
    """When it was edited last. Platforms tell zero for never, which must not pass for an edit of this moment."""
    return None if moment is None or as_utc(moment) < EARLIEST else _moment(moment, received_at)


def _metrics(counts: Mapping[Any, Any]) -> dict[str, int]:
    """The counts among these: a wrong one is no reason to lose the words. Only points fall below zero."""
    return {
        Metric(name).value: max(-COUNT_LIMIT if name == Metric.POINTS else 0, min(number, COUNT_LIMIT))
        for name, number in counts.items()
        if name in set(Metric) and isinstance(number, int) and not isinstance(number, bool)
    }


def _language(language: str) -> str:
    code = language.strip().lower().replace("_", "-")[:8]
    return code if code.replace("-", "").isalpha() and code.isascii() else ""


def _names(attachments: tuple[IncomingAttachment, ...]) -> str:
    return one_line(", ".join(attachment.name for attachment in attachments), PREVIEW_LIMIT)


def _reply_handle(handle: dict[str, Any]) -> dict[str, Any]:
    if len(handle) < PLAIN_VALUES and all(map(_is_plain, handle.values())):
        return handle
    # An answer needs it whole, so it is refused rather than cut.
    packed = storable_json(handle)
    if len(packed) > HANDLE_LIMIT:
        raise Unreadable(N_("What an answer would need is larger than %(limit)s bytes.", limit=HANDLE_LIMIT))
    unpacked: dict[str, Any] = json.loads(packed)
    return unpacked


def _is_plain(value: object) -> bool:
    """Whether a value needs no closer look: most handles are a few short ids."""
    return value is None or (
        type(value) is str and len(value) < PLAIN_LENGTH and value.isascii() and value.isprintable()
    )


def _raw(raw: Any) -> str:
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raw = _RAW_JSON.encode(raw)
    return storable(raw, RAW_LIMIT)
