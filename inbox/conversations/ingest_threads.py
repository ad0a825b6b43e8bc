"""Puts new messages into their conversations, and makes the conversations that are missing. Called by ingest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from inbox.conversations.clean import CleanMessage
from inbox.conversations.ingest_known import Known, KnownConversation
from inbox.conversations.models import Conversation, ConversationState
from inbox.conversations.waiting import waiting_since
from inbox.database import insert_rows
from inbox.members.recognise import Known as Person

COLUMNS = (
    "channel_id",
    "external_id",
    "subject",
    "url",
    "state",
    "member_id",
    "author_name",
    "preview",
    "tag",
    "tags",
    "message_count",
    "waiting_since",
    "last_message_at",
    "version",
    "created_at",
)


@dataclass(slots=True, eq=False)
class Thread:
    """A conversation and what the batch adds to it. `id` is 0 until a new one has been stored."""

    external_id: str
    stored: KnownConversation | None = None
    id: int = 0
    messages: list[CleanMessage] = field(default_factory=list)


def place(
    messages: Sequence[CleanMessage], known: Known, conversations: Mapping[int, KnownConversation]
) -> dict[str, Thread]:
    """The thread of each message, by the message's external id.

    A message belongs where its thread is; else where its parent is; else where the message is that its thread is named
    after; else it begins a conversation. `messages` are in the order in which they were written.
    """
    threads: dict[str, Thread] = {}
    placed: dict[str, Thread] = {}
    for conversation in conversations.values():
        threads[conversation.external_id] = Thread(conversation.external_id, conversation, conversation.id)
    homes = {key: message.conversation_id for key, message in known.messages.items()}
    homes |= {key: conversation_id for key, (_, conversation_id) in known.answers.items()}

    def home_of(key: str) -> Thread | None:
        conversation = conversations.get(homes.get(key, 0))
        return placed.get(key) or (threads[conversation.external_id] if conversation else None)

    for message in messages:
        thread = threads.get(message.thread_id) or home_of(message.parent_id) or home_of(message.thread_id)
        if thread is None:
            thread = Thread(message.thread_id)
        # So that the rest of the batch finds the way although this name is stored nowhere.
        threads.setdefault(message.thread_id, thread)
        thread.messages.append(message)
        placed[message.external_id] = thread
    return placed


def add_conversations(
    session: Session, channel_id: int, threads: Sequence[Thread], people: Mapping[str, Person], moment: datetime
) -> None:
    """Store the new ones among `threads`, complete as the list shows them, in one statement, and set their ids."""
    fresh = {thread.external_id: thread for thread in threads if thread.stored is None}
    if not fresh:
        return
    rows = [_row(channel_id, thread, people, moment) for thread in fresh.values()]
    added = insert_rows(session, Conversation, COLUMNS, rows, returning=("external_id", "id"))
    for external_id, number in added:
        fresh[external_id].id = number


def _row(
    channel_id: int, thread: Thread, people: Mapping[str, Person], moment: datetime
) -> tuple[int | str | datetime | None, ...]:
    messages = thread.messages
    outside = [message for message in messages if not message.is_us]
    by_people = [message for message in outside if not message.is_automatic]
    shown = max(by_people or outside or messages, key=lambda message: message.posted_at)
    first = next((message.author for message in outside if message.author), None)
    return (
        channel_id,
        thread.external_id,
        next((message.subject for message in messages if message.subject), ""),
        next((message.url for message in messages if message.url), ""),
        ConversationState.OPEN.value,
        people[first.external_id].member_id if first else None,
        (shown.author.name or shown.author.handle) if shown.author else "",
        shown.preview,
        "",
        "",
        len(messages),
        waiting_since(messages),
        max(message.posted_at for message in messages),
        len(messages),
        moment,
    )
