"""Reads comments of a WordPress site as our messages. Used by `wordpress` alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Author, Batch, ConnectorError, IncomingMessage, NeedsPerson, RateLimited
from inbox.connectors.json_api import listed, mapping, text_of
from inbox.connectors.lenient import Words, moment, web_address, words
from inbox.connectors.read_each import name_of, read_each
from inbox.text import one_line, plain_from_html

VERSION = 1
PAGE = 100
DEEPEST = 10
REMEMBERED = 2_000
Get = Callable[[str, Mapping[str, Any]], Any]


class Comment(BaseModel):
    """A comment, of which only id and post are sure."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    post: int
    parent: int = 0
    author: int = 0
    author_name: Words = ""
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
        """WordPress writes UTC without saying so."""
        return moment(f"{self.date_gmt}Z") if self.date_gmt and self.date_gmt[-1] != "Z" else moment(self.date_gmt)


def poll_comments(
    get: Get, status: str, our_id: int, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Comments of one state, newest first until known; counted pages, which shift when comments come and go."""
    roots = {name: root for name, root in mapping(cursor.get("roots")).items() if isinstance(root, str)}

    def page(older: str | None) -> Page[Any]:
        query = {"status": status, "context": "edit", "per_page": PAGE, "page": older or 1, "_embed": "up"}
        found = listed(get("/wp/v2/comments", {**query, "orderby": "id", "order": "desc"}))
        dated = [(name_of(each), moment(words(mapping(each).get("date_gmt")) + "Z"), each) for each in found]
        return Page(dated, str(int(older or 1) + 1) if len(found) == PAGE else None)

    def read(raw: Any) -> Sequence[IncomingMessage]:
        comment = Comment.model_validate(raw)
        if since and comment.posted_at and comment.posted_at < since:
            return ()
        root = roots[comment.id] = _root(get, comment, roots)
        return (message_of(raw, our_id=our_id, thread_id=root),)

    for fresh, state in catch_up(page, cursor, since, shifts=True):
        harvest = read_each(fresh, read)
        roots = dict(list(roots.items())[-REMEMBERED:])
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state, "roots": dict(roots)})


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
            # Guests have no account: their name is all there is.
            external_id=f"{comment.author}" if comment.author else f"guest:{comment.author_name}"[:400],
            name=one_line(comment.author_name, 200),
            avatar_url=web_address(words(pictures.get("96"))),
            profile_url=web_address(comment.author_url),
            is_us=bool(our_id) and comment.author == our_id,
        )
        if comment.author or comment.author_name
        else None,
        url=web_address(comment.link),
        reply_handle={"post_id": comment.post, "status": comment.status},
        raw={name: value for name, value in raw.items() if name not in {"author_email", "author_ip", "_links"}},
    )


def _root(get: Get, comment: Comment, roots: Mapping[str, str]) -> str:
    """The comment with which the thread began, asking for those above where they are not known."""
    name, above = comment.id, f"{comment.parent or ''}"
    for _ in range(DEEPEST):
        if not above:
            return name
        if above in roots:
            return roots[above]
        name = above
        try:
            parent = mapping(get(f"/wp/v2/comments/{above}", {"context": "edit"})).get("parent")
        except (RateLimited, NeedsPerson):
            raise
        except ConnectorError:
            return name
        above = text_of(parent or "")
    return name
