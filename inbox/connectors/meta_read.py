"""Reads what Meta gives of private conversations, listed or delivered, and who wrote. Used by Facebook pages and Instagram."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Visibility
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import Moment, Words, dicts, unix_moment, web_address, words
from inbox.connectors.meta_setup import said_at
from inbox.text import one_line

SAID = "id,created_time,from,to,message,attachments{id,mime_type,name,size,image_data,video_data,file_url}"


class Said(BaseModel):
    """A message of Messenger, as a conversation lists it."""

    id: str = Field(min_length=1, max_length=400)
    message: Words = ""
    created_time: Moment = None
    author: Any = Field(None, alias="from")
    attachments: Any = None


def talk_message(raw: Mapping[str, Any], *, ours: Sequence[str], person_id: str) -> IncomingMessage:
    """A message of a conversation with one person."""
    said = Said.model_validate(raw)
    author = author_of(said.author, *ours)
    attachments = tuple(_sent(row) for row in dicts(mapping(said.attachments).get("data")))
    return private_message(said.id, said.message, said.created_time, author, attachments, person_id, raw)


def delivered_message(raw: Mapping[str, Any], *, ours: Sequence[str]) -> IncomingMessage | None:
    """A message as a webhook brings it; None for what is none (read, delivered, a reaction). Raises ValueError."""
    said = mapping(raw.get("message"))
    if not said or said.get("is_deleted"):
        return None
    sender, recipient = (text_of(mapping(raw.get(side)).get("id")) for side in ("sender", "recipient"))
    name = text_of(said.get("mid"))
    if not name or not sender or not recipient:
        raise ValueError(N_("it does not say who wrote to whom"))
    person_id = recipient if sender in ours else sender
    rows = said.get("attachments")
    attachments = tuple(
        IncomingAttachment(words(row.get("type")) or "file", _media_type(words(row.get("type"))), url=url)
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and (url := web_address(words(mapping(row.get("payload")).get("url"))))
    )
    stamp = raw.get("timestamp")
    at = unix_moment(stamp / 1_000) if isinstance(stamp, int | float) else None
    author = Author(sender, name=sender, is_us=sender in ours)
    return private_message(name, words(said.get("text")), at, author, attachments, person_id, raw)


def private_message(
    name: str,
    text: str,
    at: datetime | None,
    author: Author | None,
    attachments: tuple[IncomingAttachment, ...],
    person_id: str,
    raw: Mapping[str, Any],
) -> IncomingMessage:
    """A message that only the two sides can read. Raises ValueError when there is nothing in it."""
    if not text and not attachments:
        raise ValueError(N_("it has neither words nor a file"))
    return IncomingMessage(
        external_id=name,
        thread_id=f"person:{person_id}",
        text=text or ", ".join(file.name for file in attachments),
        posted_at=at,
        author=author,
        visibility=Visibility.DIRECT,
        attachments=attachments,
        reply_handle={"person_id": person_id, "message_id": name, **said_at(at)},
        raw=raw,
    )


def author_of(raw: Any, *ours: str) -> Author | None:
    """Who wrote, as far as Meta tells; `ours` are the ids and names that are us."""
    name = text_of(mapping(raw).get("id"))
    if not name:
        return None
    handle = one_line(words(mapping(raw).get("username")), 200)
    return Author(
        name,
        handle=handle,
        name=one_line(words(mapping(raw).get("name")), 200) or handle or name,
        is_us=bool({name, handle} & {*filter(None, ours)}),
    )


def _sent(row: Mapping[str, Any]) -> IncomingAttachment:
    places = (mapping(row.get("image_data")).get("url"), mapping(row.get("video_data")).get("url"), row.get("file_url"))
    url = next((address for place in places if (address := web_address(words(place)))), "")
    size = row.get("size")
    return IncomingAttachment(
        one_line(words(row.get("name")) or "file", 200),
        words(row.get("mime_type")) or "application/octet-stream",
        size if isinstance(size, int) and size >= 0 else 0,
        url=url,
    )


def _media_type(kind: str) -> str:
    return {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg"}.get(kind, "application/octet-stream")
