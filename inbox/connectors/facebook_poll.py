"""Reads what is written on a page: comments below its latest posts, and what others post there. Used by `facebook` alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, IncomingMessage
from inbox.connectors.facebook_read import COMMENT, POST, comment_message, post_message
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import moment, words
from inbox.connectors.meta_api import MetaApi
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.read_each import name_of, not_before, read_each

VERSION = 1
POSTS = 50


def poll_comments(api: MetaApi, page_id: str, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """What is new on the page, then what is new below its latest posts, post by post."""
    latest: list[Any] = []
    below: Mapping[str, Any] = mapping(cursor.get("below"))
    posts: Mapping[str, Any] = {}

    def feed(older: str | None) -> Page[Any]:
        page = api.page(f"/{segment(page_id)}/feed", {"fields": POST, "limit": POSTS}, older)
        latest.extend(page.rows if older is None else ())
        return Page([(name_of(row), moment(mapping(row).get("created_time")), row) for row in page.rows], page.after)

    def read_post(row: Any) -> Sequence[IncomingMessage]:
        # A post without words, a picture alone, asks nothing.
        return not_before(since, post_message(row, page_id=page_id)) if words(row.get("message")) else ()

    for fresh, posts in catch_up(feed, mapping(cursor.get("posts")), since):
        theirs = [row for row in fresh if text_of(mapping(mapping(row).get("from")).get("id")) not in {"", page_id}]
        found = read_each(theirs, read_post, {})
        yield Batch(found.messages, (), found.bad, found.filtered, {"v": VERSION, "posts": posts, "below": below})

    def comments(parent: Parent[Any], older: str | None) -> Page[Any]:
        query = {"filter": "stream", "order": "reverse_chronological", "limit": 100, "fields": COMMENT}
        page = api.page(f"/{segment(parent.name)}/comments", query, older)
        return Page([(_revision(row), moment(mapping(row).get("created_time")), row) for row in page.rows], page.after)

    parents = [Parent(name_of(row), _count(row), row) for row in latest if mapping(row).get("id")]
    for parent, fresh, state in read_below(parents, comments, {"below": below}, since):
        post = {"message": words(mapping(parent.row).get("message"))}

        def read(row: Any, post: Mapping[str, Any] = post) -> Sequence[IncomingMessage]:
            return not_before(since, comment_message(row, page_id=page_id, post=post))

        found = read_each(fresh, read, {"post": post})
        yield Batch(found.messages, (), found.bad, found.filtered, {"v": VERSION, "posts": posts, **state})


def _revision(row: Any) -> str:
    # Facebook does not say when a comment was edited; other words make another revision.
    said = words(mapping(row).get("message")).encode("utf-8", "replace")
    return f"{name_of(row)} {crc32(said)}" if mapping(row).get("id") else name_of(row)


def _count(row: Any) -> str:
    total = mapping(mapping(mapping(row).get("comments")).get("summary")).get("total_count")
    return str(total or "")
