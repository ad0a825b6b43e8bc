"""What servers of the Mastodon API say, as our messages; and how Mastodon counts a text. Used by `mastodon` alone."""

import hashlib
import mimetypes
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric, Visibility
from inbox.connectors.lenient import Dicts, Moment, Words, counted, is_before, web_address, words
from inbox.connectors.read_each import Place
from inbox.text import count_graphemes, one_line, plain_from_html

URL_LENGTH = 23
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w/@])@([\w.-]+)@[\w.-]+\w")


class Person(BaseModel):
    """An account, of which only the id is sure."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    acct: Words = ""
    username: Words = ""
    display_name: Words = ""
    url: Words = ""
    avatar: Words = ""


class Status(BaseModel):
    """A status, of which only the id is sure."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    uri: Words = ""
    url: Words = ""
    content: Words = ""
    spoiler_text: Words = ""
    visibility: Words = ""
    language: Words = ""
    created_at: Moment = None
    edited_at: Moment = None
    in_reply_to_id: str | None = None
    account: Person | None = None
    media_attachments: Dicts = []
    mentions: Dicts = []
    replies_count: int | None = None

    @property
    def text(self) -> str:
        """The words without markup."""
        return plain_from_html(self.content)

    @property
    def stamp(self) -> str:
        """Changes when the words do."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:10]


class Notification(BaseModel):
    """A notification; its status is missing when that was deleted meanwhile, or for kinds without one."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    type: str
    created_at: Moment = None
    status: Mapping[str, Any] | None = None


def read_placed(
    raw: Any, place: Place, *, domain: str, our_id: str, since: datetime | None = None
) -> Sequence[IncomingMessage]:
    """A post in the conversation of its place, else of what it answers; none from before `since`. Raises ValueError.

    A place is its `thread`, where that is known, and whether only what others say is wanted (`of_others`).
    """
    status = Status.model_validate(raw)
    if place.get("of_others") and status.account is None and not status.content:
        raise ValueError(N_("it has neither author nor words"))
    is_ours = status.account is not None and status.account.id == our_id
    if is_before(status.created_at, since) or (is_ours and place.get("of_others")):
        return ()
    thread = words(place.get("thread")) or status.in_reply_to_id or ""
    return (message_of(raw, domain=domain, our_id=our_id, thread_id=thread),)


def message_of(
    raw: Mapping[str, Any], *, domain: str, our_id: str, thread_id: str = "", quote: str = ""
) -> IncomingMessage:
    """A status as a message. `domain` completes local handles. Raises ValueError when it cannot be read."""
    status = Status.model_validate(raw)
    person = status.account
    return IncomingMessage(
        external_id=status.id,
        thread_id=thread_id or status.id,
        text=status.text,
        html=status.content,
        subject=one_line(status.spoiler_text, 500),
        quote=quote,
        posted_at=status.created_at,
        edited_at=status.edited_at,
        author=author_of(person, domain=domain, our_id=our_id) if person else None,
        url=web_address(status.url) or web_address(status.uri),
        parent_id=status.in_reply_to_id or "",
        language=status.language[:8],
        visibility=_visibility(status.visibility),
        attachments=tuple(filter(None, map(_attachment, status.media_attachments))),
        reply_handle={
            "status_id": status.id,
            "account_id": person.id if person else "",
            "acct": person.acct if person else "",
            "visibility": status.visibility,
            "spoiler_text": status.spoiler_text,
            "uri": status.uri,
        },
        raw=raw,
        metrics=counted(
            {
                Metric.LIKES: raw.get("favourites_count"),
                Metric.SHARES: raw.get("reblogs_count"),
                Metric.REPLIES: raw.get("replies_count"),
            }
        ),
    )


def author_of(person: Person, *, domain: str, our_id: str) -> Author:
    """An account as an author; servers differ in whether a local `acct` carries its domain."""
    acct = person.acct or person.username
    return Author(
        external_id=person.id,
        handle=acct if "@" in acct or not acct else f"{acct}@{domain}",
        name=one_line(person.display_name, 200) or person.username,
        avatar_url=web_address(person.avatar),
        profile_url=web_address(person.url),
        is_us=bool(our_id) and person.id == our_id,
    )


def count_length(text: str, url_length: int = URL_LENGTH) -> int:
    """The length as Mastodon counts: graphemes, every URL alike, and of `@name@domain` only `@name`."""
    text = _URL.sub("x" * url_length, text)
    return count_graphemes(_MENTION.sub(r"@\1", text))


def core(text: str) -> str:
    """Letters, digits and emoji only, mentions without domain: what stays of a text when a server has rendered it."""
    kept = (c for c in _MENTION.sub(r"@\1", text) if c.isalnum() or unicodedata.category(c) == "So")
    return "".join(kept).casefold()


def mentions(text: str, acct: str) -> bool:
    """Whether `text` already names the account."""
    return re.search(rf"(?<![\w/@])@{re.escape(acct)}(?![\w@])", text, re.IGNORECASE) is not None


def _visibility(value: str) -> Visibility:
    # What a fork calls otherwise ("local", "list") is shown as not public; the reply repeats the server's own word.
    return Visibility(value) if value in set(Visibility) else Visibility.PRIVATE


def _attachment(raw: Mapping[str, Any]) -> IncomingAttachment | None:
    url = web_address(words(raw.get("url"))) or web_address(words(raw.get("remote_url")))
    if not url:
        return None
    kind = {"image": "image/*", "gifv": "video/mp4", "video": "video/*", "audio": "audio/*"}
    path = url.partition("?")[0]
    return IncomingAttachment(
        name=one_line(words(raw.get("description")), 200) or path.rpartition("/")[2][:200] or "attachment",
        media_type=mimetypes.guess_type(path)[0] or kind.get(words(raw.get("type")), "application/octet-stream"),
        url=url,
    )
