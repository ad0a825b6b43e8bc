"""What Discord says, as our messages. Used by `discord` alone."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from inbox.connectors.contract import Author, IncomingAttachment, IncomingMessage, Metric
from inbox.connectors.lenient import Dicts, Moment, Words, web_address, whole_number, words
from inbox.connectors.read_each import Place
from inbox.text import one_line

EPOCH_MS = 1_420_070_400_000  # Discord's ids count milliseconds since 2015
QUOTED = 2_000
SPOKEN = {0, 19}  # a message, an answer; all else is the system telling that something happened
_NAMED = re.compile(r"<@!?(\d+)>")
_EMOJI = re.compile(r"<a?(:\w+:)\d+>")


class Person(BaseModel):
    """An account."""

    id: str
    username: Words = ""
    global_name: Words = ""
    avatar: Words = ""
    bot: bool = False


class Said(BaseModel):
    """A message, of which only id and channel are sure."""

    id: str
    channel_id: str
    type: int = 0
    content: Words = ""
    timestamp: Moment = None
    edited_timestamp: Moment = None
    author: Person | None = None
    webhook_id: Words = ""
    mentions: Dicts = []
    attachments: Dicts = []
    embeds: Dicts = []
    reactions: Dicts = []
    message_reference: Mapping[str, Any] | None = None
    referenced_message: Mapping[str, Any] | None = None

    @property
    def above(self) -> str:
        """The message that this one answers, in the same channel; empty for none."""
        reference = self.message_reference or {}
        same = reference.get("channel_id") in {None, self.channel_id}
        return words(reference.get("message_id")) if same and self.type == 19 else ""


def read_placed(raw: Any, place: Place, *, guild: str, our_id: str) -> Sequence[IncomingMessage]:
    """What stands at a `place`: in a thread, or in a channel, where answers follow the root of what they answer.

    None for what the system tells. Raises ValueError when it cannot be read.
    """
    said = Said.model_validate(raw)
    if said.type not in SPOKEN:
        return ()
    thread, root = words(place.get("thread")), words(place.get("root")) if said.above else ""
    is_loose = bool(said.above) and not thread and not root
    message = message_of(
        raw,
        guild=guild,
        our_id=our_id,
        thread_id=thread or root or said.above or said.id,
        title=words(place.get("title")),
        with_quote=is_loose,
    )
    return (message,)


def message_of(
    raw: Mapping[str, Any], *, guild: str, our_id: str, thread_id: str, title: str = "", with_quote: bool = False
) -> IncomingMessage:
    """A message as ours; `title` names its channel or thread, `with_quote` tells what it answers.

    Raises ValueError when it cannot be read.
    """
    said = Said.model_validate(raw)
    person = said.author
    return IncomingMessage(
        external_id=said.id,
        thread_id=thread_id,
        text=plain(said) or _embedded(said.embeds),
        subject=one_line(title, 300),
        quote=_quoted(said) if with_quote else "",
        posted_at=said.timestamp or moment_of(said.id),
        edited_at=said.edited_timestamp,
        author=_author(person, our_id) if person else None,
        is_automatic=bool(person and person.bot and person.id != our_id),
        url=f"https://discord.com/channels/{guild}/{said.channel_id}/{said.id}",
        parent_id=said.above,
        attachments=tuple(
            IncomingAttachment(
                name=one_line(words(each.get("filename")), 200) or "attachment",
                media_type=words(each.get("content_type")) or "application/octet-stream",
                size_bytes=each["size"] if isinstance(each.get("size"), int) else 0,
                url=web_address(words(each.get("url"))),
            )
            for each in said.attachments
        ),
        reply_handle={
            "channel_id": said.channel_id,
            "message_id": said.id,
            "person_id": person.id if person and not said.webhook_id else "",
            "guild_id": guild,
        },
        raw=raw,
        metrics={Metric.REACTIONS: sum(whole_number(each.get("count")) for each in said.reactions)},
    )


def shows_nothing(raw: Mapping[str, Any]) -> bool:
    """Whether Discord holds back what a message says: so it does for bots whose Message Content Intent is switched off."""
    return not any(raw.get(name) for name in ("content", "attachments", "embeds"))


def plain(said: Said) -> str:
    """The words, with names where Discord has numbers."""
    names = {
        words(each.get("id")): words(each.get("global_name")) or words(each.get("username")) for each in said.mentions
    }
    text = _NAMED.sub(lambda found: f"@{names.get(found[1]) or found[1]}", said.content)
    return _EMOJI.sub(r"\1", text)


def snowflake(at: datetime) -> str:
    """The smallest id of that moment."""
    return str(max(0, int(at.timestamp() * 1000) - EPOCH_MS) << 22)


def moment_of(name: str) -> datetime | None:
    """The moment that an id holds."""
    return (
        datetime.fromtimestamp(((int(name) >> 22) + EPOCH_MS) / 1000, UTC)
        if name.isdecimal() and len(name) < 21
        else None
    )


def number(name: Any) -> int:
    """An id as a number, so that ids compare; 0 for none."""
    return int(name) if isinstance(name, str) and name.isdecimal() and len(name) < 21 else 0


def _quoted(said: Said) -> str:
    try:
        above = Said.model_validate(said.referenced_message)
    except ValueError:
        # Deleted meanwhile, or not shown.
        return ""
    return f"@{above.author.username if above.author else '?'}: {plain(above)[:QUOTED]}"


def _author(person: Person, our_id: str) -> Author:
    picture = f"https://cdn.discordapp.com/avatars/{person.id}/{person.avatar}.png?size=96" if person.avatar else ""
    name = one_line(person.global_name, 200) or person.username
    return Author(person.id, person.username, name, picture, is_us=person.id == our_id)


def _embedded(embeds: Dicts) -> str:
    parts = [words(each.get(name)) for each in embeds for name in ("title", "description")]
    return "\n".join(filter(None, parts))
