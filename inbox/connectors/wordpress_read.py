"""Reads comments of a WordPress site as our messages. Used by `wordpress` alone."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from inbox.connectors.contract import Author, IncomingMessage, Visibility
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import Words, moment, web_address, words
from inbox.text import one_line, plain_from_html

NOT_KEPT = {"author_email", "author_ip", "author_user_agent", "_links", "_embedded"}


class Comment(BaseModel):
    """A comment, of which only id and post are sure."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    post: int
    parent: int = 0
    author: int = 0
    author_name: Words = ""
    author_email: Words = ""
    author_url: Words = ""
    author_avatar_urls: Any = None
    date_gmt: Words = ""
    content: Any = None
    link: Words = ""
    status: Words = ""

    @property
    def markup(self) -> str:
        """The words as HTML."""
        return words(mapping(self.content).get("rendered"))

    @property
    def text(self) -> str:
        """The words without markup."""
        return plain_from_html(self.markup)

    @property
    def posted_at(self) -> datetime | None:
        """When it was written."""
        return posted_at(self.date_gmt)


def message_of(raw: Mapping[str, Any], *, our_id: int, thread_id: str) -> IncomingMessage:
    """A comment as a message; its conversation is named by the comment that began it. Raises ValueError for none."""
    comment = Comment.model_validate(raw)
    above = mapping(raw.get("_embedded")).get("up")
    titles = [mapping(mapping(each).get("title")).get("rendered") for each in above] if isinstance(above, list) else []
    pictures = mapping(comment.author_avatar_urls)
    return IncomingMessage(
        external_id=comment.id,
        thread_id=thread_id,
        parent_id=f"{comment.parent}" if comment.parent else "",
        text=comment.text,
        html=comment.markup,
        subject=one_line(plain_from_html(next((title for title in titles if isinstance(title, str)), "")), 500),
        posted_at=comment.posted_at,
        author=Author(
            external_id=f"{comment.author}" if comment.author else _guest(comment),
            name=one_line(comment.author_name, 200) or "?",
            avatar_url=web_address(words(pictures.get("96"))),
            profile_url=web_address(comment.author_url),
            is_us=bool(our_id) and comment.author == our_id,
        )
        if comment.author or comment.author_name
        else None,
        visibility=Visibility.PRIVATE if comment.status == "hold" else Visibility.PUBLIC,
        url=web_address(comment.link),
        reply_handle={"post_id": comment.post, "status": comment.status},
        raw={name: value for name, value in raw.items() if name not in NOT_KEPT},
    )


def posted_at(date_gmt: Any) -> datetime | None:
    """WordPress writes UTC without saying so."""
    date = words(date_gmt)
    return moment(date if date.endswith("Z") else f"{date}Z")


def _guest(comment: Comment) -> str:
    """Guests have no account. Their address tells those of one name apart; it is not kept itself."""
    if not comment.author_email:
        return f"guest:{comment.author_name}"[:400]
    address = comment.author_email.strip().casefold().encode("utf-8", "replace")
    return f"guest:{hashlib.sha256(address).hexdigest()[:32]}"
