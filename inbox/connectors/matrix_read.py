"""What is said in Matrix rooms, as our messages. Used by `matrix` alone."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from inbox.connectors.contract import Author, IncomingAttachment, IncomingMessage, Visibility
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import unix_moment, words
from inbox.text import one_line

MESSAGE, REDACTION, ENCRYPTED = "m.room.message", "m.room.redaction", "m.room.encrypted"
FILES = {"m.image", "m.file", "m.audio", "m.video"}
# Older programs repeat what is answered in front of the answer.
_REPEATED = re.compile(r"\A(?:> [^\n]*\n)+\n?")


class Event(BaseModel):
    """An event of a room's timeline."""

    event_id: str
    type: str
    sender: str
    content: Mapping[str, Any]
    origin_server_ts: Any = None
    unsigned: Any = None
    redacts: Any = None

    @property
    def at(self) -> datetime | None:
        """When its server says that it was sent."""
        ms = self.origin_server_ts
        return unix_moment(ms / 1000) if isinstance(ms, int | float) and not isinstance(ms, bool) else None

    @property
    def relation(self) -> Mapping[str, Any]:
        """How it relates to another one."""
        return mapping(self.content.get("m.relates_to"))

    @property
    def edits(self) -> str:
        """The event that this one gives other words; empty for none."""
        return words(self.relation.get("event_id")) if self.relation.get("rel_type") == "m.replace" else ""

    @property
    def thread(self) -> str:
        """The event with which its thread began; empty for none."""
        return words(self.relation.get("event_id")) if self.relation.get("rel_type") == "m.thread" else ""

    @property
    def above(self) -> str:
        """The event that this one answers; empty for none."""
        is_fallback = self.thread and self.relation.get("is_falling_back")
        answered = words(mapping(self.relation.get("m.in_reply_to")).get("event_id"))
        return self.thread if is_fallback else answered or self.thread

    @property
    def gone(self) -> str:
        """The event that this one takes back; newer rooms say it elsewhere than older ones."""
        return words(self.content.get("redacts")) or words(self.redacts)

    @property
    def is_spoken(self) -> bool:
        """Whether somebody says something by it, and it was not taken back."""
        return self.type == MESSAGE and bool(self.content.get("msgtype")) and not self.edits

    @property
    def is_taken_back(self) -> bool:
        return bool(mapping(self.unsigned).get("redacted_because")) or (self.type == MESSAGE and not self.content)


class Room(BaseModel):
    """What is known of a room: how it is called, and who may read there."""

    name: str = ""
    alias: str = ""
    is_public: bool = False
    is_encrypted: bool = False

    def learn(self, event: Mapping[str, Any]) -> None:
        """What an event of its state says."""
        content = mapping(event.get("content"))
        kind = event.get("type")
        if kind == "m.room.name":
            self.name = one_line(words(content.get("name")), 200)
        elif kind == "m.room.canonical_alias":
            self.alias = words(content.get("alias"))[:300]
        elif kind == "m.room.join_rules":
            self.is_public = content.get("join_rule") == "public"
        elif kind == "m.room.encryption":
            self.is_encrypted = True


def message_of(
    event: Event, *, room_id: str, room: Room, thread_id: str, our_id: str, name: str, is_direct: bool
) -> IncomingMessage:
    """An event as a message, with its last words where the server says that it was edited."""
    edit = _edit_of(event)
    content = edit[0] if edit else event.content
    is_file = content.get("msgtype") in FILES
    is_public = room.is_public and not is_direct
    return IncomingMessage(
        external_id=event.event_id,
        thread_id=thread_id,
        parent_id=event.above,
        text=text_of_content(content, name) if not is_file or content.get("filename") else "",
        subject=room.name or room.alias,
        posted_at=event.at,
        edited_at=edit[1] if edit else None,
        author=Author(
            event.sender,
            handle=event.sender.removeprefix("@"),
            name=one_line(name, 200),
            profile_url=f"https://matrix.to/#/{event.sender}",
            is_us=event.sender == our_id,
        )
        if event.sender
        else None,
        is_automatic=content.get("msgtype") == "m.notice" and event.sender != our_id,
        url=f"https://matrix.to/#/{room_id}/{event.event_id}",
        visibility=Visibility.DIRECT if is_direct else Visibility.PUBLIC if is_public else Visibility.PRIVATE,
        attachments=(_attachment(content),) if is_file else (),
        reply_handle={"room": room_id, "event": event.event_id, "thread": event.thread, "sender": event.sender},
        raw=event.model_dump(exclude_none=True),
    )


def text_of_content(content: Mapping[str, Any], name: str) -> str:
    """The words, without the repetition of what they answer."""
    body = words(content.get("body"))
    if "m.in_reply_to" in mapping(content.get("m.relates_to")):
        body = _REPEATED.sub("", body)
    return f"* {name} {body}" if content.get("msgtype") == "m.emote" else body


def _edit_of(event: Event) -> tuple[Mapping[str, Any], datetime | None] | None:
    edit = mapping(mapping(mapping(event.unsigned).get("m.relations")).get("m.replace"))
    content = mapping(mapping(edit.get("content")).get("m.new_content"))
    # Nobody else may change somebody's words.
    if not content or edit.get("sender") != event.sender:
        return None
    return content, Event(event_id="", type="", sender="", content={}, origin_server_ts=edit.get("origin_server_ts")).at


def _attachment(content: Mapping[str, Any]) -> IncomingAttachment:
    about = mapping(content.get("info"))
    size = about.get("size")
    # Its address is inside Matrix and opens for members only.
    return IncomingAttachment(
        name=one_line(words(content.get("filename")) or words(content.get("body")), 200) or "file",
        media_type=words(about.get("mimetype")) or "application/octet-stream",
        size_bytes=size if isinstance(size, int) and size >= 0 else 0,
    )
