"""What Discourse says, as our messages. Used by `discourse` alone."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from inbox.connectors.contract import Author, IncomingAttachment, IncomingMessage, Metric, Visibility
from inbox.connectors.discourse_html import written_in
from inbox.connectors.lenient import Moment, Words, counted, dicts, web_address, words
from inbox.connectors.read_each import Place
from inbox.text import one_line

LIKE = 2  # the kind of act by which people say that they like a post
REGULAR = 1  # the post type of what people write; others are notes of staff and of the system


class Post(BaseModel):
    """A post, of which only id and topic are sure."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    topic_id: int
    post_number: int = 1
    post_type: int = REGULAR
    reply_to_post_number: str | int | None = None
    user_id: int | None = None
    username: Words = ""
    name: Words = ""
    avatar_template: Words = ""
    cooked: Words = ""
    created_at: Moment = None
    updated_at: Moment = None
    version: int = 1
    topic_title: Words = ""
    topic_slug: Words = ""
    topic_archetype: Words = ""
    deleted_at: Moment = None
    user_deleted: bool = False

    @property
    def is_gone(self) -> bool:
        """Deleted by its author, or by staff, who still see it."""
        return self.user_deleted or self.deleted_at is not None


def read_placed(raw: Any, place: Place, *, server: str, our_name: str) -> IncomingMessage:
    """A post with what its place tells: the `title` and first words (`quote`) of its topic, and whether that `is_private`."""
    title, quote, is_private = words(place.get("title")), words(place.get("quote")), place.get("is_private") is True
    return message_of(raw, server=server, our_name=our_name, title=title, quote=quote, is_private=is_private)


def message_of(
    raw: Mapping[str, Any], *, server: str, our_name: str, title: str = "", quote: str = "", is_private: bool = False
) -> IncomingMessage:
    """A post as a message; its conversation is its topic. Raises ValueError when it cannot be read."""
    post = Post.model_validate(raw)
    written = written_in(post.cooked, server)
    likes = next((each.get("count") for each in dicts(raw.get("actions_summary")) if each.get("id") == LIKE), None)
    return IncomingMessage(
        external_id=post.id,
        thread_id=f"{post.topic_id}",
        text=written.text,
        html=post.cooked,
        subject=one_line(title or post.topic_title, 500),
        quote=written.quote or quote,
        posted_at=post.created_at,
        edited_at=post.updated_at if post.version > 1 else None,
        author=author_of(post, server=server, our_name=our_name),
        url=f"{server}/t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}",
        visibility=Visibility.DIRECT if is_private else Visibility.PUBLIC,
        attachments=tuple(
            IncomingAttachment(one_line(url.rpartition("/")[2], 200) or "picture", "image/*", url=url)
            for url in written.pictures
        ),
        reply_handle={
            "topic_id": post.topic_id,
            "post_number": post.post_number,
            "person_id": post.user_id,
            "username": post.username,
            "is_private": is_private,
        },
        raw=raw,
        metrics=counted({Metric.VIEWS: raw.get("reads"), Metric.LIKES: likes, Metric.REPLIES: raw.get("reply_count")}),
    )


def author_of(post: Post, *, server: str, our_name: str) -> Author | None:
    """Who wrote; None where the account is gone."""
    if not post.username:
        return None
    picture = post.avatar_template.replace("{size}", "96")
    if picture.startswith("//"):
        picture = f"https:{picture}"
    return Author(
        external_id=f"{post.user_id}" if post.user_id is not None else post.username,
        handle=post.username,
        name=one_line(post.name, 200),
        avatar_url=web_address(f"{server}{picture}" if picture.startswith("/") else picture),
        profile_url=f"{server}/u/{post.username}",
        is_us=post.username.casefold() == our_name.casefold(),
    )
