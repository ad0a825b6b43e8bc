"""Reads Threads: what is written below our own posts, where we are mentioned, and watched words. Used by `threads` alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from pydantic import BaseModel, Field

from inbox.clock import now
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import N_, Author, Batch, IncomingAttachment, IncomingMessage, Metric
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import Moment, Words, dicts, moment, web_address, words
from inbox.connectors.meta_api import MetaApi
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.read_each import name_of, not_before, read_each
from inbox.text import one_line

VERSION = 1
FIELDS = "id,text,username,timestamp,permalink,media_type,media_url,is_reply,root_post,replied_to,has_replies,hide_status,alt_text"
POSTS = 50
FRESH = 10  # posts that are looked into at every poll; the others once an hour
# What we call it, and what Threads does.
COUNTED = {Metric.VIEWS: "views", Metric.LIKES: "likes", Metric.SHARES: "reposts", Metric.REPLIES: "replies"}
MEDIA = {"IMAGE": "image/jpeg", "VIDEO": "video/mp4", "AUDIO": "audio/mpeg"}


class Post(BaseModel):
    """A post or a reply; who wrote is told by name only."""

    id: str = Field(min_length=1, max_length=400)
    text: Words = ""
    username: Words = ""
    timestamp: Moment = None
    permalink: Words = ""
    media_type: Words = ""
    media_url: Words = ""
    alt_text: Words = ""
    root_post: Any = None
    replied_to: Any = None


def message_of(raw: Mapping[str, Any], *, our_name: str) -> IncomingMessage:
    """A post as a message of the conversation below its root. Raises ValueError when there is nothing in it."""
    post = Post.model_validate(raw)
    url = web_address(post.media_url)
    attachments = [_attached(post, url)] if url else []
    if not post.text and not attachments:
        raise ValueError(N_("it has neither words nor a picture"))
    root, above = (text_of(mapping(each).get("id")) for each in (post.root_post, post.replied_to))
    name = one_line(post.username, 200)
    address, is_ours = f"https://www.threads.net/@{name}", bool(name) and name == our_name
    return IncomingMessage(
        external_id=post.id,
        thread_id=root or post.id,
        text=post.text or attachments[0].name,
        posted_at=post.timestamp,
        author=Author(name, handle=name, name=name, profile_url=address, is_us=is_ours) if name else None,
        url=web_address(post.permalink),
        parent_id=above,
        attachments=tuple(attachments),
        reply_handle={
            "post_id": post.id,
            "is_top": bool(above) and above == root,
            **({"is_ours": True} if is_ours else {}),
        },
        raw=raw,
    )


def counts_of(rows: Sequence[Any]) -> dict[Metric, Any]:
    """What the insights of a post tell, each with the total of its whole life."""
    totals = {mapping(row).get("name"): dicts(mapping(row).get("values")) for row in rows}
    return {metric: found[0].get("value") for metric, name in COUNTED.items() if (found := totals.get(name))}


def poll_replies(api: MetaApi, our_name: str, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """What is new below our latest posts, with the post itself for those who have not seen it."""
    posts = api.page("/me/threads", {"fields": FIELDS, "limit": POSTS}).rows

    def replies(parent: Parent[Any], older: str | None) -> Page[Any]:
        path = f"/{segment(parent.name)}/conversation"
        return _page(api, path, {"fields": FIELDS, "reverse": "true", "limit": 100}, older)

    parents = [
        # Threads does not tell how many replies there are.
        Parent(name_of(row), now().isoformat() if number < FRESH else "old", row)
        for number, row in enumerate(posts)
        if mapping(row).get("has_replies") is True and mapping(row).get("id")
    ]
    kept: Mapping[str, Any] = {"below": mapping(cursor.get("below"))}
    shown = set(kept["below"])
    for parent, fresh, state in read_below(parents, replies, kept, since):
        found = read_each(fresh, lambda row: not_before(since, message_of(row, our_name=our_name)))
        first = [parent.row] if found.messages and parent.name not in shown else []
        root = read_each(first, lambda row: [message_of(row, our_name=our_name)])
        shown.add(parent.name)
        kept = state
        yield Batch([*root.messages, *found.messages], (), found.bad, found.filtered, {"v": VERSION, **kept})
    yield Batch(cursor={"v": VERSION, **kept})


def poll_list(
    api: MetaApi,
    path: str,
    query: Mapping[str, Any],
    our_name: str,
    cursor: Mapping[str, Any],
    since: datetime | None,
) -> Iterator[Batch]:
    """A list of posts, newest first until known: mentions, or what a search for a word finds."""

    def read(raw: Any) -> Sequence[IncomingMessage]:
        message = message_of(raw, our_name=our_name)
        return () if message.author and message.author.is_us else not_before(since, message)

    for fresh, state in catch_up(lambda older: _page(api, path, {**query, "fields": FIELDS}, older), cursor, since):
        found = read_each(fresh, read)
        yield Batch(found.messages, (), found.bad, found.filtered, {"v": VERSION, **state})


def _page(api: MetaApi, path: str, query: Mapping[str, Any], older: str | None) -> Page[Any]:
    page = api.page(path, query, older)
    return Page([(_revision(row), moment(mapping(row).get("timestamp")), row) for row in page.rows], page.after)


def _revision(row: Any) -> str:
    # A post may be edited for a quarter of an hour, and does not say so.
    said = words(mapping(row).get("text")).encode("utf-8", "replace")
    return f"{name_of(row)} {crc32(said)}" if mapping(row).get("id") else name_of(row)


def _attached(post: Post, url: str) -> IncomingAttachment:
    name = one_line(post.alt_text or post.media_type.lower(), 200) or "file"
    return IncomingAttachment(name, MEDIA.get(post.media_type, "application/octet-stream"), url=url)
