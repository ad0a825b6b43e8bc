"""What Slack says, as our messages; and text as Slack writes it. Used by `slack` alone."""

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric, Visibility
from inbox.connectors.lenient import Dicts, Words, counted, unix_moment, web_address, whole_number, words
from inbox.text import one_line

# What people say; all other subtypes tell that something happened.
SPOKEN = {"", "thread_broadcast", "file_share", "me_message", "bot_message"}
_MARKED = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"^https?://")
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
    edited: Any = None
    files: Dicts = []
    attachments: Dicts = []
    reactions: Dicts = []

    @property
    def is_spoken(self) -> bool:
        """Whether somebody says something by it."""
        return self.subtype in SPOKEN

    @property
    def edit(self) -> str:
        """The time of the last edit; empty for none."""
        return words(self.edited.get("ts")) if isinstance(self.edited, Mapping) else ""


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
) -> IncomingMessage:
    """A message as ours. Raises ValueError when it cannot be read."""
    said = Said.model_validate(raw)
    if moment_of(said.ts) is None:
        raise ValueError(N_("its time is none"))
    thread = said.thread_ts or said.ts
    is_direct = channel.startswith("D")
    return IncomingMessage(
        external_id=name_of(channel, said.ts),
        # In a direct channel people do not use threads: all of it is one conversation.
        thread_id=channel if is_direct and not said.thread_ts else name_of(channel, thread),
        parent_id=name_of(channel, thread) if thread != said.ts else "",
        text=plain(said.text, name_of_person) or _attached(said, name_of_person),
        subject=one_line(title, 300),
        posted_at=moment_of(said.ts),
        edited_at=moment_of(said.edit),
        author=_author(said, our_id, team_url, name_of_person),
        is_automatic=bool(said.bot_id) and said.user != our_id,
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
        metrics={
            Metric.REACTIONS: sum(whole_number(each.get("count")) for each in said.reactions),
            **counted({Metric.REPLIES: raw.get("reply_count")}),
        },
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
            # A call to a group, or a date whose label is what to show.
            return label or f"@{target[1:].partition('^')[0]}"
        address = target.removeprefix("mailto:").removeprefix("tel:")
        is_named = label and label != _BARE.sub("", address).rstrip("/") and label != address
        return f"{label} ({address})" if is_named else label or address

    return html.unescape(_MARKED.sub(shown, text))


def marked(text: str) -> str:
    """Plain text for Slack: nothing in it is taken for a mention, a link or markup of Slack's own kind."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def moment_of(ts: str) -> datetime | None:
    """The time that names a message."""
    return unix_moment(ts) if re.fullmatch(r"\d{1,11}(\.\d{1,6})?", ts) else None


def order(ts: str) -> tuple[int, str]:
    """Times as Slack writes them, so that they compare: a float loses digits. What is none comes first."""
    whole, _, rest = ts.partition(".")
    return (int(whole), rest.ljust(6, "0")) if moment_of(ts) else (0, "")


def _attached(said: Said, name_of_person: NameOf) -> str:
    """What programs say in boxes below an empty text."""
    texts = [words(each.get("fallback")) or words(each.get("text")) for each in said.attachments]
    return "\n\n".join(plain(text, name_of_person) for text in texts if text)


def _author(said: Said, our_id: str, team_url: str, name_of_person: NameOf) -> Author | None:
    if said.user:
        name = one_line(name_of_person(said.user), 200)
        profile = f"{team_url}team/{said.user}" if team_url else ""
        return Author(said.user, name=name, profile_url=profile, is_us=said.user == our_id)
    return Author(said.bot_id, name=one_line(said.username, 200) or said.bot_id) if said.bot_id else None
