"""Reads a forum's streams: the latest posts of all topics, and the private messages of one account."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, ConnectorError, IncomingMessage, NeedsPerson, RateLimited
from inbox.connectors.discourse_read import REGULAR, Post, message_of
from inbox.connectors.json_api import JsonApi, listed, mapping, segment
from inbox.connectors.lenient import moment
from inbox.connectors.read_each import name_of, read_each

VERSION = 1
REMEMBERED = 500  # topics whose beginning we have shown, and private ones with how far we read
STARTS_READ = 30  # beginnings fetched in one batch; forums count calls
QUOTED = 2_000


def poll_posts(
    api: JsonApi, server: str, our_name: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """All new posts, newest first until known. An answer in a topic not seen before brings the topic's first words along."""
    topics = [name for name in cursor.get("topics") or () if isinstance(name, int)]

    def page(older: str | None) -> Page[Any]:
        posts = listed(mapping(api.get("/posts.json", {"before": older})).get("latest_posts"))
        numbers = [post["id"] for post in posts if isinstance(post, dict) and isinstance(post.get("id"), int)]
        found = [(name_of(post), moment(mapping(post).get("created_at")), post) for post in posts]
        return Page(found, str(min(numbers)) if numbers and min(numbers) > 1 else None)

    for fresh, state in catch_up(page, cursor, since):
        left = STARTS_READ

        def read(raw: Any) -> Sequence[IncomingMessage]:
            nonlocal left
            post, quote = Post.model_validate(raw), ""
            if post.post_type != REGULAR or post.is_gone or (since and post.created_at and post.created_at < since):
                return ()
            if post.topic_id not in topics:
                if post.post_number > 1 and left > 0:
                    left -= 1
                    quote = _first_words(api, post.topic_id)
                topics.append(post.topic_id)
            return (message_of(raw, server=server, our_name=our_name, quote=quote),)

        harvest = read_each(fresh, read)
        del topics[:-REMEMBERED]
        cursor = {"v": VERSION, **state, "topics": list(topics)}
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, cursor)


def poll_private(
    api: JsonApi, server: str, our_name: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Private messages to our account: the topics that have grown, each from where we were."""
    before = {name: count for name, count in mapping(cursor.get("read")).items() if isinstance(count, int)}
    answer = mapping(api.get(f"/topics/private-messages/{segment(our_name)}.json"))
    topics = listed(mapping(answer.get("topic_list")).get("topics"))
    for topic in reversed([each for each in topics if isinstance(each, dict) and isinstance(each.get("id"), int)]):
        number, highest = topic["id"], topic.get("highest_post_number")
        read_to = before.get(str(number), 0)
        if not isinstance(highest, int) or highest <= read_to:
            continue

        def read(
            raw: Any, read_to: int = read_to, title: str = str(topic.get("title") or "")
        ) -> Sequence[IncomingMessage]:
            post = Post.model_validate(raw)
            is_old = since and post.created_at and post.created_at < since
            if post.post_number <= read_to or post.post_type != REGULAR or post.is_gone or is_old:
                return ()
            return (message_of(raw, server=server, our_name=our_name, title=title, is_private=True),)

        posts = [post for post in _whole(api, number) if _number_of(post) > read_to]
        harvest = read_each(posts, read)
        before = dict([*((k, v) for k, v in before.items() if k != str(number)), (str(number), highest)][-REMEMBERED:])
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, "read": dict(before)})
    yield Batch(cursor={"v": VERSION, "read": dict(before)})


def _whole(api: JsonApi, topic: int) -> list[Any]:
    """All posts of a topic; beyond the first twenty they are asked for by number."""
    shown = mapping(mapping(api.get(f"/t/{topic}.json")).get("post_stream"))
    posts = listed(shown.get("posts"))
    there = {post.get("id") for post in posts if isinstance(post, dict)}
    missing = [name for name in shown.get("stream") or [] if isinstance(name, int) and name not in there]
    for start in range(0, len(missing), 50):
        more = mapping(api.get(f"/t/{topic}/posts.json", {"post_ids[]": missing[start : start + 50]}))
        posts = [*posts, *listed(mapping(more.get("post_stream")).get("posts"))]
    return posts


def _first_words(api: JsonApi, topic: int) -> str:
    """What a topic began with, as a quote."""
    try:
        posts = mapping(mapping(api.get(f"/t/{topic}.json")).get("post_stream")).get("posts")
        first = message_of(posts[0], server="", our_name="") if isinstance(posts, list) and posts else None
    except (RateLimited, NeedsPerson):
        raise
    except (ConnectorError, ValueError):
        # An answer without what it answers is better than none.
        return ""
    return f"@{first.author.handle if first.author else '?'}: {first.text[:QUOTED]}" if first else ""


def _number_of(post: Any) -> int:
    number = mapping(post).get("post_number")
    # What cannot be read goes to quarantine, not under the table.
    return number if isinstance(number, int) else 1 << 31
