"""Messages for programs: list, read, correct their tags, promote a sentence to an idea."""

from collections.abc import Callable
from typing import Any, TypeVar

import marshmallow as ma
from sqlalchemy.orm import Session

from inbox.api.access import acting, requires
from inbox.api.documented import documented
from inbox.api.fields import Cursor, Given, Number, PageQuery, Whole, Words
from inbox.api.problems import Problem
from inbox.api.routes import Routes
from inbox.api.schemas import EvidenceSchema, MessageSchema, one_of, page_of
from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.find import find_message
from inbox.conversations.list_messages import list_messages
from inbox.conversations.models import Direction, Message
from inbox.database import LARGEST_ID
from inbox.ideas.find import find_idea
from inbox.ideas.models import Evidence
from inbox.ideas.promote import promote
from inbox.ideas.refusal import IdeaRefused
from inbox.labels.models import LABELS, Tag
from inbox.teams.permissions import Permission
from inbox.web import reading, writing

Row = TypeVar("Row")
page = Routes("messages", __doc__ or "")


class MessagesQuery(PageQuery):
    """Which messages. They come in the order in which they were stored."""

    after = Cursor()
    channel_id = Number(lowest=1)
    conversation_id = Number(lowest=1)
    direction = one_of(Direction)
    tag = one_of(Tag)
    since = ma.fields.AwareDateTime(format="iso", metadata={"description": "Posted at or after this moment."})


class CorrectionGiven(Given):
    """The better tags, the primary one first; none or `other` when none of the four fits."""

    tags = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf([*(tag.value for tag in LABELS), Tag.OTHER.value])),
        required=True,
        validate=ma.validate.Length(max=5),
    )


class EvidenceGiven(Given):
    """Which characters of the text speak for which idea. Without `idea_id` a new one is made, named `title`."""

    start = Whole(load_default=0)
    end = Whole(load_default=0, metadata={"description": "The same as `start`: the whole text."})
    title = Words(longest=200, load_default="")
    idea_id = Whole(lowest=1, load_default=None, allow_none=True)


@page.get("")
@requires(Permission.CONVERSATIONS_READ)
@documented(page)
@page.arguments(MessagesQuery, location="query")
@page.response(200, page_of(MessageSchema, "Messages"))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List messages, oldest first."""
    query["after"] = _number(query.get("after", "0"))
    found = list_messages(reading(), **query)
    return {"items": found, "next": str(found[-1].id) if len(found) == query["limit"] else None}


@page.get("/<int:message_id>")
@requires(Permission.CONVERSATIONS_READ)
@documented(page, 404)
@page.response(200, MessageSchema)
def show(message_id: int) -> Message:
    """Read one message."""
    return _found(find_message, reading(), message_id)


@page.post("/<int:message_id>/corrections")
@requires(Permission.CONVERSATIONS_WORK)
@documented(page, 404)
@page.arguments(CorrectionGiven)
@page.response(200, MessageSchema)
def create_correction(given: dict[str, Any], message_id: int) -> Message:
    """Correct the tags of a message from outside; saying the same again changes nothing."""
    with writing() as writable:
        message = _found(find_message, writable, message_id)
        if message.direction != Direction.IN:
            raise Problem(422, "Only messages from outside carry tags.")
        correct_tag(writable, message, given["tags"], by=acting(writable))
    return _found(find_message, reading(), message_id)


@page.post("/<int:message_id>/evidence")
@requires(Permission.IDEAS_PROMOTE)
@documented(page, 404)
@page.arguments(EvidenceGiven)
@page.response(201, EvidenceSchema)
def create_evidence(given: dict[str, Any], message_id: int) -> Evidence:
    """Promote a sentence of a message to an idea, or attach it to one; doing it twice adds nothing."""
    try:
        with writing() as writable:
            message = _found(find_message, writable, message_id)
            idea = find_idea(writable, given["idea_id"]) if given["idea_id"] else None
            if given["idea_id"] and idea is None:
                raise Problem(422, "There is no such idea.")
            by = acting(writable)
            return promote(writable, message, given["start"], given["end"], title=given["title"], idea=idea, by=by)
    except IdeaRefused as refusal:
        raise Problem(422, str(refusal)) from None


def _found(find: Callable[[Session, int], Row | None], session: Session, row_id: int) -> Row:
    found = find(session, row_id)
    if found is None:
        raise Problem(404, "There is no such message.")
    return found


def _number(cursor: str) -> int:
    return min(int(cursor), LARGEST_ID)
