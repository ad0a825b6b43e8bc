"""What Telegram sends a bot, as our messages. Used by `telegram` alone."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from inbox.connectors.contract import Author, IncomingAttachment, IncomingMessage, Visibility
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import Dicts, UnixMoment, Words, web_address, words
from inbox.text import one_line

# What a message can carry, the field it lies in, and the media type where Telegram names none.
MEDIA = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "animation": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "document": "application/octet-stream",
    "sticker": "image/webp",
}
SPEAKING = {"sticker": "emoji", "poll": "question", "venue": "title", "checklist": "title"}


class Person(BaseModel):
    """A person or a bot."""

    id: int
    first_name: Words = ""
    last_name: Words = ""
    username: Words = ""


class Chat(BaseModel):
    """Where it was said; `type` is private, group, supergroup or channel."""

    id: int
    type: str
    title: Words = ""
    username: Words = ""


class Said(BaseModel):
    """A message, of which only id and chat are sure."""

    model_config = ConfigDict(populate_by_name=True)

    message_id: int
    chat: Chat
    date: UnixMoment = None
    edit_date: UnixMoment = None
    sender: Person | None = Field(default=None, alias="from")
    sender_chat: Chat | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    reply_to_message: Mapping[str, Any] | None = None
    quote: Mapping[str, Any] | None = None
    text: Words = ""
    caption: Words = ""
    entities: Dicts = []
    caption_entities: Dicts = []


def message_of(raw: Mapping[str, Any], *, our_id: int, thread_id: str) -> IncomingMessage | None:
    """A message, or None for one in which nobody says anything (somebody joined, a title changed).

    Raises ValueError when it cannot be read. `thread_id` is the conversation it belongs to.
    """
    said = Said.model_validate(raw)
    attachments = tuple(filter(None, (_attachment(raw, kind) for kind in MEDIA)))
    text = with_addresses(said.text or said.caption, said.entities or said.caption_entities) or _spoken(raw)
    if not text and not attachments:
        return None
    return IncomingMessage(
        external_id=name_of(said.chat.id, said.message_id),
        thread_id=thread_id,
        text=text,
        quote=words((said.quote or {}).get("text")),
        subject=one_line(said.chat.title, 300),
        posted_at=said.date,
        edited_at=said.edit_date,
        author=_author(said, our_id),
        url=address_of(said),
        parent_id=_parent(said),
        visibility=_visibility(said.chat),
        attachments=attachments,
        reply_handle={
            "chat_id": said.chat.id,
            "message_id": said.message_id,
            "topic_id": said.message_thread_id if said.is_topic_message else None,
            "person_id": said.sender.id if said.sender else None,
            "sender_chat_id": said.sender_chat.id if said.sender_chat else None,
            "is_private": said.chat.type == "private",
        },
        raw=raw,
    )


def name_of(chat_id: int, message_id: int) -> str:
    """A message's id is only unique within its chat."""
    return f"{chat_id}:{message_id}"


def root_of(said: Said) -> str:
    """The thread that Telegram itself names; empty where a chat has none and only the chain of answers tells."""
    if said.chat.type == "private":
        return f"{said.chat.id}"
    if said.message_thread_id and not said.is_topic_message:
        # Comments under a channel's post: the post's copy in the group is the root.
        return name_of(said.chat.id, said.message_thread_id)
    return ""


def address_of(said: Said) -> str:
    """Where a message can be seen; empty for private chats and small groups, which have no addresses."""
    if said.chat.type != "private" and said.chat.username:
        return f"https://t.me/{said.chat.username}/{said.message_id}"
    # The number of a supergroup without the prefix that the Bot API puts before it.
    inner = str(said.chat.id).removeprefix("-100")
    return f"https://t.me/c/{inner}/{said.message_id}" if str(said.chat.id).startswith("-100") else ""


def with_addresses(text: str, entities: Dicts) -> str:
    """The text with the addresses of links that hide behind other words. Offsets count UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    hidden = []
    for entity in entities:
        url, offset, length = entity.get("url"), entity.get("offset"), entity.get("length")
        if entity.get("type") == "text_link" and isinstance(url, str) and type(offset) is type(length) is int:
            hidden.append((2 * (offset + length), web_address(url)))
    for end, url in sorted(hidden, reverse=True):
        if url and 0 < end <= len(units):
            units = units[:end] + f" ({url})".encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "replace")


def _author(said: Said, our_id: int) -> Author | None:
    if said.sender_chat is not None:
        # A channel, or an admin who writes as the group. The channel's own posts arrive as forwards into its group.
        chat = said.sender_chat
        return Author(f"{chat.id}", chat.username, one_line(chat.title, 200), is_us=said.is_automatic_forward)
    person = said.sender
    if person is None:
        return None
    return Author(
        external_id=f"{person.id}",
        handle=person.username,
        name=one_line(f"{person.first_name} {person.last_name}", 200),
        profile_url=f"https://t.me/{person.username}" if person.username else "",
        is_us=person.id == our_id,
    )


def _parent(said: Said) -> str:
    above = (said.reply_to_message or {}).get("message_id")
    return name_of(said.chat.id, above) if isinstance(above, int) else ""


def _visibility(chat: Chat) -> Visibility:
    if chat.type == "private":
        return Visibility.DIRECT
    return Visibility.PUBLIC if chat.username else Visibility.PRIVATE


def _spoken(raw: Mapping[str, Any]) -> str:
    # Things that say something without being text.
    found = [words(mapping(raw.get(kind)).get(name)) for kind, name in SPEAKING.items()]
    return next(filter(None, found), "")


def _attachment(raw: Mapping[str, Any], kind: str) -> IncomingAttachment | None:
    found = raw.get(kind)
    if isinstance(found, list):
        # A photo comes in several sizes, the largest last.
        found = found[-1] if found else None
    if not isinstance(found, dict) or not isinstance(found.get("file_id"), str):
        return None
    media_type, name, size = found.get("mime_type"), found.get("file_name"), found.get("file_size")
    # No address: that of Telegram's files holds the bot's token.
    return IncomingAttachment(
        name=one_line(name, 200) if isinstance(name, str) else kind,
        media_type=media_type if isinstance(media_type, str) else MEDIA[kind],
        size_bytes=size if isinstance(size, int) else 0,
    )
