"""What Facebook gives, as our messages: comments, and what others post on the page. Used by `facebook` alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from inbox.connectors.contract import N_, IncomingAttachment, IncomingMessage, Metric
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import Moment, Words, counted, web_address, words
from inbox.connectors.meta_read import author_of
from inbox.text import one_line

COMMENT = (
    "id,from{id,name},message,created_time,parent{id},permalink_url,"
    "is_hidden,can_hide,can_remove,like_count,comment_count,attachment{type,title,url,media}"
)
POST = (
    "id,from{id,name},message,created_time,permalink_url,shares,reactions.limit(0).summary(total_count),"
    "comments.limit(0).filter(stream).summary(total_count)"
)


class Comment(BaseModel):
    """A comment below a post. Facebook leaves `from` out where the person or their settings do not allow it."""

    id: str = Field(min_length=1, max_length=400)
    message: str = ""
    created_time: Moment = None
    author: Any = Field(None, alias="from")
    parent: Any = None
    permalink_url: Words = ""
    attachment: Any = None
    can_hide: bool = True
    can_remove: bool = True


def comment_message(raw: Mapping[str, Any], *, page_id: str, post: Mapping[str, Any]) -> IncomingMessage:
    """A comment as a message of its thread: the comment below the post, and all answers to it."""
    comment = Comment.model_validate(raw)
    attachments = tuple(_attached(mapping(comment.attachment)))
    if not comment.message and not attachments:
        raise ValueError(N_("it has neither words nor a picture"))
    above, about = text_of(mapping(comment.parent).get("id")), one_line(words(post.get("message")), 200)
    return IncomingMessage(
        external_id=comment.id,
        thread_id=above or comment.id,
        text=comment.message or attachments[0].name,
        posted_at=comment.created_time,
        author=author_of(comment.author, page_id),
        subject=about,
        url=web_address(comment.permalink_url),
        parent_id=above,
        attachments=attachments,
        reply_handle={
            "comment_id": comment.id,
            "thread_id": above or comment.id,
            "can_hide": comment.can_hide,
            "can_remove": comment.can_remove,
            "about": about,
        },
        raw=raw,
        metrics=counted({Metric.LIKES: raw.get("like_count"), Metric.REPLIES: raw.get("comment_count")}),
    )


def post_message(raw: Mapping[str, Any], *, page_id: str) -> IncomingMessage:
    """What somebody posted on the page."""
    name, text = raw["id"], words(raw.get("message"))
    if not isinstance(name, str) or not name or not text:
        raise ValueError(N_("it has no id or no words"))
    return IncomingMessage(
        external_id=name,
        thread_id=name,
        text=text,
        posted_at=Comment.model_validate({**raw, "message": text}).created_time,
        author=author_of(raw.get("from"), page_id),
        url=web_address(words(raw.get("permalink_url"))),
        reply_handle={"comment_id": name, "thread_id": name, "is_post": True},
        raw=raw,
        metrics=counted(
            {
                Metric.REACTIONS: _total(raw.get("reactions")),
                Metric.SHARES: mapping(raw.get("shares")).get("count"),
                Metric.REPLIES: _total(raw.get("comments")),
            }
        ),
    )


def _total(edge: Any) -> Any:
    return mapping(mapping(edge).get("summary")).get("total_count")


def _attached(raw: Mapping[str, Any]) -> Iterator[IncomingAttachment]:
    source = web_address(words(mapping(mapping(raw.get("media")).get("image")).get("src")))
    if source:
        kind = words(raw.get("type")) or "photo"
        yield IncomingAttachment(one_line(words(raw.get("title")) or kind, 200), "image/jpeg", url=source)
