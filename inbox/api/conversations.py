"""Conversations for programs: list, read, answer."""

from typing import Any

from sqlalchemy.orm import Session

from inbox.api.access import acting, requires
from inbox.api.documented import documented
from inbox.api.fields import Cursor, Given, Number, PageQuery, Whole, Words
from inbox.api.problems import Problem
from inbox.api.routes import Routes
from inbox.api.schemas import ConversationSchema, MessageSchema, ThreadSchema, one_of, page_of
from inbox.channels.abilities import abilities
from inbox.channels.measure import measure
from inbox.channels.undo_time import undo_seconds
from inbox.channels.validate import validate
from inbox.conversations.browse import Filters, View, browse
from inbox.conversations.find import find_conversation, find_message, find_thread
from inbox.conversations.models import Message
from inbox.conversations.refusal import Refusal
from inbox.conversations.reply import ConversationMovedOn, reply
from inbox.labels.models import Tag
from inbox.teams.permissions import Permission
from inbox.web import house, reading, writing

page = Routes("conversations", __doc__ or "")


class ConversationsQuery(PageQuery):
    """Which conversations."""

    after = Cursor(r"^\d{1,17}\.\d{1,18}$")
    view = one_of(View)
    tag = one_of(Tag)
    channel_id = Number(lowest=1)
    assignee_id = Number(metadata={"description": "0: given to nobody."})
    q = Words(longest=200, metadata={"description": "Words that stand in its messages."})


class ReplyGiven(Given):
    """An answer. `seen_version` is the `version` of the conversation when its author read it."""

    text = Words(shortest=1, longest=100_000, required=True)
    seen_version = Whole(required=True)
    message_id = Whole(lowest=1, metadata={"description": "Which message is answered; else the newest from outside."})


@page.get("")
@requires(Permission.CONVERSATIONS_READ)
@documented(page)
@page.arguments(ConversationsQuery, location="query")
@page.response(200, page_of(ConversationSchema, "Conversations"))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List conversations, newest first."""
    filters = Filters(
        view=View(query.get("view", View.ALL)),
        tag=query.get("tag", ""),
        channel_id=query.get("channel_id"),
        assignee_id=query.get("assignee_id"),
        words=query.get("q", ""),
    )
    found = browse(reading(), filters, me=None, after=query.get("after", ""), limit=query["limit"])
    return {"items": found.rows, "next": found.older or None}


@page.get("/<int:conversation_id>")
@requires(Permission.CONVERSATIONS_READ)
@documented(page, 404)
@page.response(200, ThreadSchema)
def show(conversation_id: int) -> dict[str, Any]:
    """Read a conversation with its last messages."""
    thread = find_thread(reading(), conversation_id)
    if thread is None:
        raise Problem(404, "There is no such conversation.")
    names = ThreadSchema().fields.keys() - {"messages", "earlier"}
    kept = {name: getattr(thread.conversation, name) for name in names}
    return {**kept, "messages": thread.messages, "earlier": thread.earlier}


@page.post("/<int:conversation_id>/replies")
@requires(Permission.CONVERSATIONS_REPLY)
@documented(page, 404, 409)
@page.arguments(ReplyGiven)
@page.response(201, MessageSchema)
def create_reply(given: dict[str, Any], conversation_id: int) -> Message:
    """Answer a conversation. 409 when somebody wrote or answered since `seen_version`: nothing is sent then."""
    try:
        with writing() as writable:
            message_id = _reply(writable, given, conversation_id)
    except Refusal as refusal:
        raise Problem(422, str(refusal)) from None
    message = find_message(reading(), message_id)
    assert message is not None
    return message


def _reply(session: Session, given: dict[str, Any], conversation_id: int) -> int:
    conversation = find_conversation(session, conversation_id)
    if conversation is None:
        raise Problem(404, "There is no such conversation.")
    channel, ability = conversation.channel, abilities(conversation.channel)
    if not ability.replies:
        raise Problem(422, ability.because.get("replies") or "This channel cannot be answered.")
    parent = find_message(session, given["message_id"]) if "message_id" in given else None
    if "message_id" in given and (parent is None or parent.conversation_id != conversation_id):
        raise Problem(422, "There is no such message in this conversation.")
    opened = house()
    try:
        return reply(
            session,
            conversation,
            text=given["text"],
            by=acting(session),
            seen_version=given["seen_version"],
            undo_seconds=undo_seconds(channel, opened.settings),
            length=measure(channel, given["text"].strip(), opened.database, opened.vault, opened.settings),
            limit_for=ability.limit_for,
            parent=parent,
            validate=lambda parcel: validate(channel, parcel, opened.database, opened.vault, opened.settings),
        ).id
    except ConversationMovedOn as moved:
        raise Problem(409, str(moved), version=moved.version, newer=[each.id for each in moved.newer]) from None
