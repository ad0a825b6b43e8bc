"""Reads what Facebook delivers about a page, and what of it lies in the quarantine. Used by `facebook` alone."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from inbox.connectors.contract import Batch, Deletion, IncomingMessage
from inbox.connectors.facebook_read import comment_message, post_message
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import unix_moment
from inbox.connectors.meta_api import RECEIVED, rows_of
from inbox.connectors.meta_read import delivered_message, talk_message
from inbox.connectors.read_each import Place, read_each

GONE = {"remove", "delete"}
SAID = {"add", "edited", "edit", "unhide"}


def read_delivery(entries: Sequence[Mapping[str, Any]], page_id: str) -> Batch:
    """Comments, posts of others and messages; what is for another page or says nothing is counted."""
    ours = [entry for entry in entries if text_of(entry.get("id")) == page_id]
    changes = [change for entry in ours for change in rows_of(entry, "changes")]
    values = [mapping(mapping(change).get("value")) for change in changes if mapping(change).get("field") == "feed"]
    removed = [value for value in values if value.get("verb") in GONE and value.get("comment_id")]
    written = [value for value in values if value not in removed]
    said = [raw for entry in ours for raw in rows_of(entry, "messaging")]
    read = read_each(written, lambda value: _changed(value, page_id), {})
    talks = read_each(said, lambda raw: _said(raw, page_id), {})
    return Batch(
        [*read.messages, *talks.messages],
        [Deletion(text_of(value["comment_id"])) for value in removed],
        [*read.bad, *talks.bad],
        read.filtered + talks.filtered + len(entries) - len(ours) + len(changes) - len(values),
        answer=RECEIVED,
    )


def read_kept(row: Any, place: Place, *, page_id: str) -> Sequence[IncomingMessage]:
    """An item as it was kept, which tells by its fields what it is. Raises ValueError and the like.

    A place is the `post` of a comment, or the `person` with whom a conversation is.
    """
    if "sender" in row:
        return _said(row, page_id)
    if "verb" in row:
        return _changed(row, page_id)
    if "to" in row:
        return (talk_message(row, ours=(page_id,), person_id=place["person"]),)
    if "comments" in row:
        return (post_message(row, page_id=page_id),)
    return (comment_message(row, page_id=page_id, post=mapping(place.get("post"))),)


def _changed(value: Any, page_id: str) -> Sequence[IncomingMessage]:
    if value.get("item") == "comment" and value.get("verb") in SAID:
        return (comment_message(_comment(value), page_id=page_id, post=mapping(value.get("post"))),)
    is_theirs = text_of(mapping(value.get("from")).get("id")) not in {"", page_id}
    if value.get("item") in {"post", "status"} and value.get("verb") == "add" and is_theirs:
        created = _comment({**value, "comment_id": value["post_id"]})
        return (post_message({**created, "permalink_url": value.get("permalink_url")}, page_id=page_id),)
    return ()


def _said(raw: Any, page_id: str) -> Sequence[IncomingMessage]:
    message = delivered_message(raw, ours=(page_id,))
    return (message,) if message else ()


def _comment(value: Mapping[str, Any]) -> Mapping[str, Any]:
    # In the form that asking gives.
    at, above = unix_moment(value.get("created_time")), value.get("parent_id")
    return {
        "id": value["comment_id"],
        "from": value.get("from"),
        "message": value.get("message") or "",
        "created_time": at.astimezone(UTC).isoformat() if at else None,
        "parent": {"id": above} if above and above != value.get("post_id") else None,
        "permalink_url": mapping(value.get("post")).get("permalink_url"),
        "attachment": {"type": "photo", "media": {"image": {"src": value["photo"]}}} if value.get("photo") else None,
    }
