"""What Slack says, as our messages; and text as Slack writes it. Used by `slack` alone."""

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from inbox.connectors.contract import Author, IncomingAttachment, IncomingMessage, Visibility
from inbox.connectors.lenient import Dicts, Words, unix_moment, web_address, words
from inbox.text import one_line

# What people say; all other subtypes tell that something happened.
SPOKEN = {"", "thread_broadcast", "file_share", "me_message", "bot_message"}
_MARKED = re.compile(r"<([^<>]*)>")
NameOf = Callable[[str], str]


class Said(BaseModel):
    """A message, of which only its time, its name within a channel, is sure. The time is text: a float loses digits."""

    ts: str
    thread_ts: Words = ""
    subtype: Words = ""
    user: Words = ""
    bot_id: Words = ""
    username: Words = ""
    text: Words = ""
    team: Words = ""
    edited: Any = None
    files: Dicts = []
    reply_count: int = 0
    latest_reply: Words = ""

    @property
    def is_spoken(self) -> bool:
        """Whether somebody says something by it."""
        return self.subtype in SPOKEN


def name_of(channel: str, ts: str) -> str:
    """A message's time is only unique within its channel."""
    return f"{channel}:{ts}"


def message_of(
    raw: Mapping[str, Any],
    *,
    channel: str,
    title: str,
    our_id: str,
    team_url: str,
    name_of_person: NameOf,
    is_direct: bool,
) -> IncomingMessage:
    """A message as ours. Raises ValueError when it cannot be read."""
    said = Said.model_validate(raw)
    if moment_of(said.ts) is None:
        raise ValueError("its time is none")
    thread = said.thread_ts or said.ts
    edited = words(said.edited.get("ts")) if isinstance(said.edited, Mapping) else ""
    return IncomingMessage(
        external_id=name_of(channel, said.ts),
        # In a direct channel people do not use threads: all of it is one conversation.
        thread_id=channel if is_direct and not said.thread_ts else name_of(channel, thread),
        parent_id=name_of(channel, thread) if thread != said.ts else "",
        text=plain(said.text, name_of_person),
        subject=one_line(title, 300),
        posted_at=moment_of(said.ts),
        edited_at=moment_of(edited) if edited else None,
        author=_author(said, our_id, name_of_person),
        url=f"{team_url}archives/{channel}/p{said.ts.replace('.', '')}" if team_url else "",
        visibility=Visibility.DIRECT if is_direct else Visibility.PRIVATE,
        attachments=tuple(
            IncomingAttachment(
                name=one_line(words(each.get("name")), 200) or "file",
                media_type=words(each.get("mimetype")) or "application/octet-stream",
                size_bytes=each["size"] if isinstance(each.get("size"), int) else 0,
                url=web_address(words(each.get("permalink"))),
            )
            for each in said.files
        ),
        reply_handle={
            "channel": channel,
            "ts": said.ts,
            "thread_ts": thread,
            "is_direct": is_direct and not said.thread_ts,
        },
        raw=raw,
    )


def plain(text: str, name_of_person: NameOf) -> str:
    """Slack's marked text as people see it: names for numbers, words and address for links, entities resolved."""

    def shown(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        if target.startswith("@"):
            return f"@{label or name_of_person(target[1:])}"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            return f"@{label or target[1:].partition('^')[0]}"
        return target if not label or label == target else f"{label} ({target})"

    return html.unescape(_MARKED.sub(shown, text))


def marked(text: str) -> str:
    """Plain text for Slack: nothing in it is taken for a mention, a link or markup of Slack's own kind."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def moment_of(ts: str) -> datetime | None:
    """The time that names a message."""
    return unix_moment(ts) if re.fullmatch(r"\d{1,11}(\.\d{1,6})?", ts) else None


def _author(said: Said, our_id: str, name_of_person: NameOf) -> Author | None:
    if said.user:
        name = name_of_person(said.user)
        return Author(said.user, name=one_line(name, 200), is_us=said.user == our_id)
    return Author(said.bot_id, name=one_line(said.username, 200) or said.bot_id) if said.bot_id else None
