"""What LinkedIn gives, as our messages: comments below posts, and answers below comments. Used by `linkedin` alone."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import Dicts, Words, counted, unix_moment, web_address, whole_number, words
from inbox.connectors.read_each import name_of
from inbox.text import one_line

SITE = "https://www.linkedin.com"
ORGANIZATION = "urn:li:organization:"
# In the text of posts, @[Name](urn) names somebody, {hashtag|\#|word} is a hashtag, and a backslash protects.
NAMED = re.compile(r"@\[([^\]]*)\]\([^)]*\)")
TAG = re.compile(r"\{hashtag\|\\?#\|([^}]*)\}")
PROTECTED = re.compile(r"\\(.)")


class Comment(BaseModel):
    """A comment, or an answer to one. Who wrote is told by a number only."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str = Field(min_length=1, max_length=100, pattern=r"^\w+$")
    object: str = Field(min_length=1, max_length=300)
    actor: Words = ""
    parent_comment: Words = ""
    message: dict[str, Any] = {}
    created: Any = None
    last_modified: Any = None
    content: Dicts = []


def message_of(raw: Mapping[str, Any], *, us: str, about: str = "") -> IncomingMessage:
    """A comment as a message of the conversation below the first one. Raises ValueError when there is nothing in it."""
    comment = Comment.model_validate(raw)
    on = thing_of(raw)
    name = comment_name(on, comment.id)
    attachments = tuple(
        IncomingAttachment("image", "image/*", url=url)
        for url in (web_address(words(each.get("url"))) for each in comment.content)
        if url
    )
    text = words(comment.message.get("text"))
    if not text and not attachments:
        raise ValueError(N_("it has neither words nor a picture"))
    likes = mapping(raw.get("likesSummary"))
    posted, changed = _moment(comment.created), _moment(comment.last_modified)
    return IncomingMessage(
        external_id=name,
        thread_id=comment.parent_comment or name,
        text=text or attachments[0].name,
        posted_at=posted,
        author=_author(comment.actor, us),
        subject=about,
        url=address_of(on, name),
        parent_id=comment.parent_comment,
        edited_at=changed if changed and posted and changed > posted else None,
        attachments=attachments,
        reply_handle={
            "comment_id": comment.id,
            "object": on,
            "thread": comment.parent_comment or name,
            "about": about,
        },
        raw=raw,
        metrics=counted(
            {
                Metric.LIKES: likes.get("aggregatedTotalLikes", likes.get("totalLikes")),
                Metric.REPLIES: answers_of(raw) if raw.get("commentsSummary") else None,
            }
        ),
    )


def thing_of(raw: Any) -> str:
    """What a comment is on, by the name that its own name has in it: a post has several."""
    inside = words(mapping(raw).get("commentUrn")).removeprefix("urn:li:comment:(").rpartition(",")[0]
    return inside or words(mapping(raw).get("object"))


def comment_name(on: str, number: str) -> str:
    """A comment's whole name, made of what it is on and its number."""
    return f"urn:li:comment:({on},{number})"


def address_of(on: str, name: str) -> str:
    """Where a comment can be seen."""
    return f"{SITE}/feed/update/{quote(on, safe=':')}?commentUrn={quote(name, safe='')}"


def about_post(post: Any) -> str:
    """What a post is about: the beginning of its words, without their markup."""
    said = NAMED.sub(r"\1", TAG.sub(r"#\1", words(mapping(post).get("commentary"))))
    return one_line(PROTECTED.sub(r"\1", said), 300)


def answers_of(raw: Any) -> int:
    """How many answers a comment has."""
    summary = mapping(mapping(raw).get("commentsSummary"))
    return whole_number(summary.get("aggregatedTotalComments")) or whole_number(summary.get("totalFirstLevelComments"))


def number_of(raw: Any) -> str:
    """A comment's number, or a hash of what is none."""
    return text_of(mapping(raw).get("id")) or name_of(raw)


def mark_of(raw: Any) -> int:
    """Another number after an edit: not every edit changes the time."""
    said = words(mapping(mapping(raw).get("message")).get("text"))
    return crc32(said.encode("utf-8", "replace"))


def _moment(stamp: Any) -> datetime | None:
    at = mapping(stamp).get("time")
    return unix_moment(at / 1_000) if isinstance(at, int) and abs(at) < 10**15 else None


def _author(actor: str, us: str) -> Author | None:
    if not actor:
        return None
    # LinkedIn tells programs no names of members, only a number that differs from app to app.
    kind, number = actor.rpartition(":")[::2]
    address = f"{SITE}/company/{number}" if f"{kind}:" == ORGANIZATION and number.isdecimal() else ""
    return Author(actor, handle=one_line(number, 200) or actor, profile_url=address, is_us=actor == us)
