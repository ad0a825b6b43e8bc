"""What Lemmy says, as our messages: posts, comments and private messages. Used by `lemmy` alone."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric, Visibility
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import Moment, Words, counted, web_address
from inbox.text import one_line

COMMENT, POST, PRIVATE = "comment", "post", "private_message"
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
NOT_KEPT = {"my_vote", "subscribed", "saved", "read", "hidden", "creator_blocked", "unread_comments"}


class Written(BaseModel):
    """What posts, comments and private messages have in common."""

    id: int
    creator_id: int = 0
    published: Moment = None
    updated: Moment = None


class Comment(Written):
    """A comment, of which only id and post are sure. `path` names all above it: 0.12.34, itself last."""

    post_id: int
    content: Words = ""
    path: Words = ""

    @property
    def parent_id(self) -> str:
        """What it answers: a comment, or the post."""
        above = self.path.split(".")[-2:-1]
        return f"{COMMENT}:{above[0]}" if above and above[0] not in {"", "0"} else f"{POST}:{self.post_id}"


class Post(Written):
    """A post, of which only the id is sure."""

    community_id: int = 0
    name: Words = ""
    body: Words = ""
    url: Words = ""


class Private(Written):
    """A private message."""

    recipient_id: int = 0
    content: Words = ""


class Person(BaseModel):
    """An account, here or on another server."""

    id: int
    name: Words = ""
    display_name: Words = ""
    avatar: Words = ""
    actor_id: Words = ""


def kind_of(view: Any) -> str:
    """What a view shows; empty for nothing we know."""
    known = mapping(view)
    return next((kind for kind in (COMMENT, PRIVATE, POST) if isinstance(known.get(kind), dict)), "")


def is_gone(view: Any) -> bool:
    """Whether its author deleted it, or a moderator removed it."""
    shown = mapping(mapping(view).get(kind_of(view)))
    return isinstance(shown.get("id"), int) and (shown.get("deleted") is True or shown.get("removed") is True)


def can_come_back(view: Any) -> bool:
    """Whether a moderator removed it, who may restore it, and not its author."""
    return is_gone(view) and mapping(mapping(view).get(kind_of(view))).get("deleted") is not True


def message_of(view: Mapping[str, Any], *, server: str, our_id: int) -> IncomingMessage:
    """A view as a message; its conversation is its post, or the person who writes privately. Raises ValueError for none."""
    kind = kind_of(view)
    if kind == COMMENT:
        return _comment(view, server, our_id)
    if kind == POST:
        return _post(view, server, our_id)
    if kind == PRIVATE:
        return _private(view, server, our_id)
    raise ValueError(N_("neither a post nor a comment nor a private message"))


def _comment(view: Mapping[str, Any], server: str, our_id: int) -> IncomingMessage:
    comment = Comment.model_validate(view[COMMENT])
    post = mapping(view.get("post"))
    return IncomingMessage(
        external_id=f"{COMMENT}:{comment.id}",
        thread_id=f"{POST}:{comment.post_id}",
        parent_id=comment.parent_id,
        text=comment.content,
        subject=_title(post),
        posted_at=comment.published,
        edited_at=comment.updated,
        author=_author(view, our_id),
        url=f"{server}/comment/{comment.id}",
        reply_handle={
            "comment_id": comment.id,
            "post_id": comment.post_id,
            "community_id": mapping(view.get("community")).get("id") or post.get("community_id"),
            "person_id": comment.creator_id,
        },
        raw=_kept(view),
        metrics=_metrics(view, "child_count"),
    )


def _post(view: Mapping[str, Any], server: str, our_id: int) -> IncomingMessage:
    post = Post.model_validate(view[POST])
    address = web_address(post.url)
    picture = address if address.casefold().endswith(PICTURES) else ""
    parts = [post.name, post.body, "" if picture else address]
    return IncomingMessage(
        external_id=f"{POST}:{post.id}",
        thread_id=f"{POST}:{post.id}",
        text="\n\n".join(part for part in parts if part.strip()),
        subject=one_line(post.name, 500),
        posted_at=post.published,
        edited_at=post.updated,
        author=_author(view, our_id),
        url=f"{server}/post/{post.id}",
        attachments=(
            (IncomingAttachment(one_line(picture.rpartition("/")[2], 200) or "picture", "image/*", url=picture),)
            if picture
            else ()
        ),
        reply_handle={"post_id": post.id, "community_id": post.community_id, "person_id": post.creator_id},
        raw=_kept(view),
        metrics=_metrics(view, "comments"),
    )


def _private(view: Mapping[str, Any], server: str, our_id: int) -> IncomingMessage:
    private = Private.model_validate(view[PRIVATE])
    other = private.recipient_id if private.creator_id == our_id else private.creator_id
    return IncomingMessage(
        external_id=f"{PRIVATE}:{private.id}",
        thread_id=f"person:{other}",
        text=private.content,
        posted_at=private.published,
        edited_at=private.updated,
        author=_author(view, our_id),
        visibility=Visibility.DIRECT,
        url=f"{server}/inbox",
        reply_handle={"private_message_id": private.id, "person_id": other},
        raw=_kept(view),
    )


def _author(view: Mapping[str, Any], our_id: int) -> Author | None:
    try:
        person = Person.model_validate(view.get("creator"))
    except ValidationError:
        return None
    page = web_address(person.actor_id)
    host = page.partition("://")[2].partition("/")[0]
    return Author(
        external_id=f"{person.id}",
        handle=f"{person.name}@{host}" if host else person.name,
        name=one_line(person.display_name or person.name, 200) or "?",
        avatar_url=web_address(person.avatar),
        profile_url=page,
        is_us=person.id == our_id,
    )


def _metrics(view: Mapping[str, Any], answers: str) -> dict[Metric, int]:
    counts = mapping(view.get("counts"))
    return counted({Metric.POINTS: counts.get("score"), Metric.REPLIES: counts.get(answers)})


def _title(post: Mapping[str, Any]) -> str:
    name = post.get("name")
    return one_line(name, 500) if isinstance(name, str) else ""


def _kept(view: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in NOT_KEPT}
