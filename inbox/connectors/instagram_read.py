"""Reads comments below an account's latest media: what Instagram gives as our messages, and what it takes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from inbox.connectors.catch_up import Page
from inbox.connectors.contract import N_, Author, Batch, IncomingMessage, Metric, Refused
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import Moment, Words, counted, moment, web_address, words
from inbox.connectors.meta_api import MetaApi
from inbox.connectors.meta_read import author_of
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.read_each import name_of, not_before, read_each
from inbox.text import one_line

VERSION = 1
MEDIA = "id,caption,timestamp,permalink,comments_count"
SAID = "id,text,username,from{id,username},timestamp,hidden,like_count,parent_id"
COMMENT = f"{SAID},replies.limit(50){{{SAID}}}"
WATCHED = 50
COMMENT_LIMIT = 300
HASHTAGS = 4
CHUNK = 100
PAGES = 20
LATEST = datetime.max.replace(tzinfo=UTC)


class Comment(BaseModel):
    """A comment, or an answer to one."""

    id: str = Field(min_length=1, max_length=400)
    text: str
    username: Words = ""
    author: Any = Field(None, alias="from")
    timestamp: Moment = None
    parent_id: Words = ""


def comment_message(raw: Mapping[str, Any], *, ours: Sequence[str], media: Mapping[str, Any]) -> IncomingMessage:
    """A comment as a message of its thread: the comment below the picture, and all answers to it."""
    comment = Comment.model_validate(raw)
    about = one_line(words(media.get("caption")), 200)
    # Whoever has closed their account to us has a name but no id.
    author = author_of(comment.author, *ours) or _by_name(comment.username, ours)
    handle = {"comment_id": comment.id, "thread_id": comment.parent_id or comment.id, "about": about}
    if comment.parent_id and author and author.handle:
        handle["name"] = f"@{author.handle}"
    return IncomingMessage(
        external_id=comment.id,
        thread_id=comment.parent_id or comment.id,
        text=comment.text,
        posted_at=comment.timestamp,
        author=author,
        subject=about,
        url=web_address(words(media.get("permalink"))),
        parent_id=comment.parent_id,
        reply_handle=handle,
        raw=raw,
        metrics=counted({Metric.LIKES: raw.get("like_count")}),
    )


def poll_comments(
    api: MetaApi, our_id: str, ours: Sequence[str], cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """What is new below the latest fifty media: those whose number of comments has changed are read whole.

    Instagram promises no order, and an answer to an old comment lies deep below; so the order is made here.
    """
    media = api.page(f"/{segment(our_id)}/media", {"fields": MEDIA, "limit": WATCHED}).rows
    sorted_below: dict[str, list[tuple[str, datetime | None, Any]]] = {}

    def comments(parent: Parent[Any], older: str | None) -> Page[Any]:
        if parent.name not in sorted_below:
            rows = [(name_of(row), moment(mapping(row).get("timestamp")), row) for row in _all_below(api, parent.name)]
            sorted_below[parent.name] = sorted(rows, key=_place, reverse=True)
        rest = [row for row in sorted_below[parent.name] if older is None or _place(row) < older]
        return Page(rest[:CHUNK], _place(rest[CHUNK - 1]) if len(rest) > CHUNK else None)

    parents = [Parent(name_of(row), text_of(mapping(row).get("comments_count")), row) for row in media]
    parents = [parent for parent in parents if mapping(parent.row).get("id") and parent.mark != "0"]
    kept: Mapping[str, Any] = {"below": mapping(cursor.get("below"))}
    for parent, fresh, state in read_below(parents, comments, kept, since, looks_again=False):
        about = {name: words(mapping(parent.row).get(name)) for name in ("caption", "permalink")}

        def read(row: Any, about: Mapping[str, Any] = about) -> Sequence[IncomingMessage]:
            return not_before(since, comment_message(row, ours=ours, media=about))

        found = read_each(fresh, read, {"media": about})
        kept = state
        yield Batch(found.messages, (), found.bad, found.filtered, {"v": VERSION, **kept})
    yield Batch(cursor={"v": VERSION, **kept})


def _all_below(api: MetaApi, media_id: str) -> Iterator[Any]:
    after: str | None = None
    for _ in range(PAGES):
        page = api.page(f"/{segment(media_id)}/comments", {"fields": COMMENT, "limit": 50}, after)
        for row in page.rows:
            yield row
            answers = mapping(mapping(row).get("replies"))
            shown = answers.get("data")
            if "next" in mapping(answers.get("paging")):
                yield from api.page(f"/{segment(text_of(row.get('id')))}/replies", {"fields": SAID, "limit": 100}).rows
            else:
                yield from shown if isinstance(shown, list) else ()
        after = page.after
        if after is None:
            return


def _place(row: tuple[str, datetime | None, Any]) -> str:
    return f"{(row[1] or LATEST).isoformat()} {row[0]}"


def _by_name(username: str, ours: Sequence[str]) -> Author | None:
    name = one_line(username, 200)
    return Author(f"name:{name}", handle=name, name=name, is_us=name in ours) if name else None


def require_fitting(text: str) -> None:
    """Raises Refused for a comment that Instagram would take for shouting or advertising."""
    if not text.strip() or len(text) > COMMENT_LIMIT:
        raise Refused(
            N_(
                "A comment has between 1 and %(limit)s characters; this one has %(length)s.",
                limit=COMMENT_LIMIT,
                length=len(text),
            )
        )
    if text.count("#") > HASHTAGS:
        raise Refused(N_("Instagram takes %(limit)s hashtags in a comment.", limit=HASHTAGS))
    if text.count("http://") + text.count("https://") > 1:
        raise Refused(N_("Instagram takes 1 address in a comment."))
