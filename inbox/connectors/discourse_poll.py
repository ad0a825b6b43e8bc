"""Reads a forum's streams: the latest posts of all topics, and the private messages of one account."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    Batch,
    ConnectorError,
    Deletion,
    Gone,
    IncomingMessage,
    NeedsPerson,
    RateLimited,
)
from inbox.connectors.discourse_api import DiscourseApi
from inbox.connectors.discourse_read import REGULAR, Post, message_of, read_placed
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import listed, mapping, segment
from inbox.connectors.lenient import moment, words
from inbox.connectors.read_each import Place, name_of, read_each

VERSION = 1
REMEMBERED = 500  # topics whose beginning we have shown, and private ones with how far we read
STARTS_READ = 30  # beginnings fetched in one batch; forums count calls
QUOTED = 2_000
SPAN = 50
ASKED = 20  # posts asked for one by one, whether they are gone
AT_ONCE = 50
PAGES = 50


def poll_posts(
    api: DiscourseApi, server: str, our_name: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """All new posts, newest first until known, and what was edited or deleted among the latest fifty.

    An answer in a topic not seen before brings the topic's first words along.
    """
    topics = [name for name in cursor.get("topics") or () if isinstance(name, int)]
    before = {name: version for name, version in mapping(cursor.get("shown")).items() if isinstance(version, int)}
    latest: list[Any] = []

    def page(older: str | None) -> Page[Any]:
        posts = listed(mapping(api.get("/posts.json", {"before": older})).get("latest_posts"))
        if older is None:
            latest[:] = posts
        numbers = [post["id"] for post in posts if isinstance(post, dict) and isinstance(post.get("id"), int)]
        found = [(name_of(post), moment(mapping(post).get("created_at")), post) for post in posts]
        lowest = min(numbers, default=0)
        if older and lowest >= int(older):
            # Some forums look no further than fifty numbers back, and none of these may be public.
            lowest = int(older) - SPAN
        return Page(found, str(lowest) if lowest > 1 else None)

    left, first_words = STARTS_READ, dict[str, str]()

    def place(raw: Any) -> Place:
        return {"quote": first_words.get(name_of(raw), "")}

    def read(raw: Any) -> Sequence[IncomingMessage]:
        nonlocal left
        post = Post.model_validate(raw)
        if post.post_type != REGULAR or post.is_gone or (since and post.created_at and post.created_at < since):
            return ()
        if post.topic_id not in topics:
            if post.post_number > 1 and left > 0:
                left -= 1
                first_words[name_of(raw)] = _first_words(api, post.topic_id)
            topics.append(post.topic_id)
            del topics[:-REMEMBERED]
        return (read_placed(raw, place(raw), server=server, our_name=our_name),)

    state: Mapping[str, Any] = {}
    for fresh, state in catch_up(page, cursor, since):
        harvest = read_each(fresh, read, place)
        left = STARTS_READ
        after = {"v": VERSION, **state, "topics": list(topics), "shown": before}
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, after)
    shown = _versions(latest)
    changed = [
        raw for raw in latest if (name := name_of(raw)) in before and shown.get(name, before[name]) != before[name]
    ]
    edited = [message for message in read_each(changed, read).messages if message.edited_at]
    lowest = min(map(int, shown), default=0)
    missing = [name for name in before if name not in shown and name.isdecimal() and int(name) > lowest]
    after = {"v": VERSION, **state, "topics": list(topics), "shown": shown}
    yield Batch(edited, list(_deletions(api, missing[:ASKED])), cursor=after)


def _versions(posts: Sequence[Any]) -> dict[str, int]:
    """How often each of the posts was edited, by its id."""
    found = {}
    for raw in posts:
        try:
            post = Post.model_validate(raw)
        except ValueError:
            continue
        if post.post_type == REGULAR and not post.is_gone and post.id.isdecimal():
            found[post.id] = post.version
    return found


def _deletions(api: DiscourseApi, names: Sequence[str]) -> Iterator[Deletion]:
    """Not being listed is no proof: a post may have moved into another topic."""
    for name in names:
        try:
            post = Post.model_validate(api.get(f"/posts/{segment(name)}.json"))
        except Gone:
            yield Deletion(name)
        except Forbidden:
            # Not for our eyes any more, or not for this key's: neither is a deletion.
            continue
        else:
            if post.is_gone:
                yield Deletion(name, post.deleted_at)


def poll_private(
    api: DiscourseApi, server: str, our_name: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Private messages to our account: the topics that have grown, each from where we were."""
    before = {name: count for name, count in mapping(cursor.get("read")).items() if isinstance(count, int)}
    for topic in reversed(_grown(api, our_name, before, since)):
        name, title = str(topic["id"]), words(topic.get("title"))
        read_to = before.pop(name, 0)

        place = {"title": title, "is_private": True}

        def read(raw: Any, read_to: int = read_to, place: Place = place) -> Sequence[IncomingMessage]:
            post = Post.model_validate(raw)
            is_old = since and post.created_at and post.created_at < since
            if post.post_number <= read_to or post.post_type != REGULAR or post.is_gone or is_old:
                return ()
            return (read_placed(raw, place, server=server, our_name=our_name),)

        harvest = read_each([post for post in posts_of(api, topic["id"]) if _number_of(post) > read_to], read, place)
        before[name] = topic["highest_post_number"]
        before = dict(list(before.items())[-REMEMBERED:])
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, "read": dict(before)})
    yield Batch(cursor={"v": VERSION, "read": dict(before)})


def _grown(
    api: DiscourseApi, our_name: str, before: Mapping[str, int], since: datetime | None
) -> list[Mapping[str, Any]]:
    """Private topics with posts that we have not read, the latest first, over as many pages as have some."""
    found: list[Mapping[str, Any]] = []
    for number in range(PAGES):
        answer = mapping(api.get(f"/topics/private-messages/{segment(our_name)}.json", {"page": number or None}))
        topic_list = mapping(answer.get("topic_list"))
        topics = [topic for topic in listed(topic_list.get("topics")) if isinstance(mapping(topic).get("id"), int)]
        grown = [topic for topic in topics if _has_grown(topic, before, since)]
        found += grown
        if not grown or not topic_list.get("more_topics_url"):
            break
    return found


def _has_grown(topic: Mapping[str, Any], before: Mapping[str, int], since: datetime | None) -> bool:
    highest, last = topic.get("highest_post_number"), moment(topic.get("last_posted_at"))
    is_old = since is not None and last is not None and last < since
    return isinstance(highest, int) and highest > before.get(str(topic["id"]), 0) and not is_old


def posts_of(api: DiscourseApi, topic: int, *, behind: int = 0) -> list[Any]:
    """The posts of a topic behind the one with that id; beyond the first twenty they are asked for by their ids."""
    shown = mapping(mapping(api.get(f"/t/{topic}.json")).get("post_stream"))
    posts = [post for post in listed(shown.get("posts")) if mapping(post).get("id") not in range(behind + 1)]
    there = {mapping(post).get("id") for post in posts}
    missing = [n for n in shown.get("stream") or [] if isinstance(n, int) and n > behind and n not in there]
    for start in range(0, len(missing), AT_ONCE):
        query = {"post_ids[]": missing[start : start + AT_ONCE]}
        more = mapping(api.get(f"/t/{topic}/posts.json", query))
        posts = [*posts, *listed(mapping(more.get("post_stream")).get("posts"))]
    return posts


def _first_words(api: DiscourseApi, topic: int) -> str:
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
