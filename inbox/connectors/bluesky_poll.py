"""Reads a Bluesky account's streams: notifications, the threads around its posts, and what became of posts already read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.bluesky_api import BlueskyApi, is_missing
from inbox.connectors.bluesky_read import is_post_uri, read_placed, reply_refs
from inbox.connectors.bluesky_watch import Watch, posts_by_uri
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Batch,
    ConnectorError,
    IncomingMessage,
    NeedsPerson,
    Passing,
    RateLimited,
    Refused,
)
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import is_before, moment
from inbox.connectors.read_each import Place, name_of, read_each

VERSION = 1
REASONS = ["mention", "reply", "quote"]
OWN_PAGES = 5
SEEN_IN_THREADS = 600
# A reply can be indexed without ever being told of, so young threads are read even when their count has not changed.
YOUNG = timedelta(days=3)
YOUNG_THREADS = 10
DEPTH = 100


def poll_notifications(api: BlueskyApi, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Who mentioned, answered or quoted us, newest first until known; then, once an hour, edits and deletions."""

    def page(older: str | None) -> Page[Any]:
        query = {"reasons": REASONS, "limit": 100, **({"cursor": older} if older else {})}
        answer = api.get("app.bsky.notification.listNotifications", query)
        items = _list(answer.get("notifications"))
        named = [(name_of(item, "uri"), moment(mapping(item).get("indexedAt")), item) for item in items]
        return Page(named, str(answer["cursor"]) if answer.get("cursor") else None)

    watch = Watch(api, cursor)
    state: Mapping[str, Any] = cursor
    for fresh, state in catch_up(page, cursor, since):
        views = posts_by_uri(api, uris_of(fresh))

        def place(item: Any, views: Mapping[str, Any] = views) -> Place:
            return {"view": views.get(name_of(item, "uri"), {})}

        def read(item: Any, place: Callable[[Any], Place] = place) -> Sequence[IncomingMessage]:
            wanted = item["reason"] in REASONS
            return read_placed(item, place(item), our_did=api.did, since=since) if wanted else ()

        harvest = read_each(fresh, read, place)
        watch.add(harvest.messages)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state, **watch.state})
    for batch in watch.look_again():
        yield Batch(batch.messages, batch.deletions, cursor={"v": VERSION, **state, **watch.state})


def poll_threads(api: BlueskyApi, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Everything in threads where we wrote lately; then, once an hour, edits and deletions."""
    watch = Watch(api, cursor)
    seen = dict.fromkeys(uri for uri in cursor.get("seen") or () if isinstance(uri, str))
    before = mapping(cursor.get("counts"))
    counts: dict[str, int] = {}
    failure: ConnectorError | None = None
    is_read = False
    pages = 1 if cursor.get("is_whole") else OWN_PAGES
    for target, count in _threads_to_read(api, since, before, counts, pages):
        try:
            views = list(_thread(api, target))
        except (RateLimited, NeedsPerson):
            raise
        except ConnectorError as error:
            # One thread that cannot be given must not keep the others from being read; it is asked for again.
            failure, counts[target] = error, int(before.get(target, 0) or 0)
            continue
        is_read = True
        fresh = {name_of(view, "uri"): view for view in views if name_of(view, "uri") not in seen}

        harvest = read_each(fresh.values(), lambda view: read_placed(view, {}, our_did=api.did, since=since), {})
        watch.add(harvest.messages)
        seen = dict.fromkeys([*seen, *fresh][-SEEN_IN_THREADS:])
        counts[target] = count
        if fresh:
            state = {
                "v": VERSION,
                "seen": list(seen),
                "counts": {**before, **counts},
                "is_whole": cursor.get("is_whole"),
            }
            yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {**state, **watch.state})
    if failure and not is_read:
        raise failure
    state = {"v": VERSION, "seen": list(seen), "counts": counts, "is_whole": True}
    for batch in watch.look_again():
        yield Batch(batch.messages, batch.deletions, cursor={**state, **watch.state})
    yield Batch(cursor={**state, **watch.state})


def _threads_to_read(
    api: BlueskyApi, since: datetime | None, before: Mapping[str, Any], counts: dict[str, int], pages: int
) -> Iterator[tuple[str, int]]:
    """Roots (or, in strangers' threads, our own post) with their count of replies; unchanged ones go to `counts` only."""
    young = 0
    done = set[str]()
    for view in _own_posts(api, since, pages):
        root, _parent = reply_refs(mapping(view.get("record")))
        root_uri = root.get("uri") or view["uri"]
        target = root_uri if root_uri.startswith(f"at://{api.did}/") else view["uri"]
        count = view.get("replyCount")
        count = count if isinstance(count, int) else 0
        if target in done:
            continue
        at = moment(view.get("indexedAt"))
        is_young = at is not None and now() - at < YOUNG and young < YOUNG_THREADS
        if target == view["uri"] and count == before.get(target, 0) and not is_young:
            counts[target] = count
            continue
        done.add(target)
        young += is_young
        yield target, count if target == view["uri"] else int(before.get(target, 0) or 0)


def _own_posts(api: BlueskyApi, since: datetime | None, pages: int) -> Iterator[Mapping[str, Any]]:
    """Our latest posts, newest first, over at most `pages` pages back to `since`; without what we only passed on."""
    query: dict[str, Any] = {"actor": api.did, "limit": 50, "filter": "posts_with_replies"}
    for _ in range(pages):
        answer = api.get("app.bsky.feed.getAuthorFeed", query)
        for item in _list(answer.get("feed")):
            view = mapping(mapping(item).get("post"))
            if not is_post_uri(view.get("uri")) or not view["uri"].startswith(f"at://{api.did}/"):
                continue
            if is_before(moment(view.get("indexedAt")), since):
                return
            yield view
        if not answer.get("cursor"):
            return
        query["cursor"] = str(answer["cursor"])


def _thread(api: BlueskyApi, uri: str) -> Iterator[Mapping[str, Any]]:
    """Every post of a thread that we may see, parents before their replies; nothing when it is gone."""
    try:
        answer = api.get("app.bsky.feed.getPostThread", {"uri": uri, "depth": DEPTH, "parentHeight": 0})
    except Refused as error:
        if is_missing(error) or "NotFound" in str(error):
            return
        raise
    waiting = [answer.get("thread")]
    while waiting:
        node = mapping(waiting.pop(0))
        if isinstance(node.get("post"), dict):
            yield node["post"]
        replies = node.get("replies")
        waiting.extend(replies if isinstance(replies, list) else ())


def uris_of(items: Sequence[Any]) -> list[str]:
    """The addresses of these posts, each once."""
    return list(dict.fromkeys(name for item in items if is_post_uri(name := name_of(item, "uri"))))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Passing(N_("Bluesky answered something that is not a list."))
    return value
