"""Reads what Instagram delivers about an account, and what of it lies in the quarantine. Used by `instagram` alone."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from inbox.connectors.contract import Batch, Deletion, IncomingMessage
from inbox.connectors.instagram_read import comment_message
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import unix_moment
from inbox.connectors.meta_api import RECEIVED, rows_of
from inbox.connectors.meta_read import delivered_message, talk_message
from inbox.connectors.read_each import Place, read_each

COMMENTS = {"comments", "live_comments"}


def read_delivery(entries: Sequence[Mapping[str, Any]], us: Sequence[str]) -> Batch:
    """Comments, messages and messages taken back; what is for another account or says nothing is counted."""
    ours = [entry for entry in entries if text_of(entry.get("id")) in us]
    changes = [(entry, change) for entry in ours for change in rows_of(entry, "changes")]
    comments = [_comment(*each) for each in changes if mapping(each[1]).get("field") in COMMENTS]
    said = [raw for entry in ours for raw in rows_of(entry, "messaging")]
    unsent = [raw for raw in said if mapping(mapping(raw).get("message")).get("is_deleted") is True]
    read = read_each(comments, lambda raw: read_kept(raw, {}, us=us), {})
    talks = read_each([raw for raw in said if raw not in unsent], lambda raw: _said(raw, us), {})
    names = [text_of(raw["message"].get("mid")) for raw in unsent]
    return Batch(
        [*read.messages, *talks.messages],
        [Deletion(name) for name in names if name],
        [*read.bad, *talks.bad],
        read.filtered + talks.filtered + len(entries) - len(ours) + len(changes) - len(comments) + names.count(""),
        answer=RECEIVED,
    )


def read_kept(row: Any, place: Place, *, us: Sequence[str]) -> Sequence[IncomingMessage]:
    """An item as it was kept, which tells by its fields what it is. Raises ValueError and the like.

    A place is the `media` of a comment, or the `person` with whom a conversation is.
    """
    if "sender" in row:
        return _said(row, us)
    if "to" in row:
        return (talk_message(row, ours=us, person_id=place["person"]),)
    return (comment_message(row, ours=us, media=mapping(place.get("media"))),)


def _said(raw: Any, us: Sequence[str]) -> Sequence[IncomingMessage]:
    message = delivered_message(raw, ours=us)
    return (message,) if message else ()


def _comment(entry: Mapping[str, Any], change: Any) -> Any:
    # In the form that asking gives; the time is told for all of a delivery.
    value, at = mapping(mapping(change).get("value")), unix_moment(entry.get("time"))
    return {**value, "timestamp": at.astimezone(UTC).isoformat() if at else None}
