"""Reads what anybody says about a word on Bluesky, by its search."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from inbox.connectors.bluesky_api import BlueskyApi
from inbox.connectors.bluesky_poll import VERSION, uris_of
from inbox.connectors.bluesky_read import read_placed
from inbox.connectors.bluesky_watch import Watch, posts_by_uri
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, IncomingMessage, Refused
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import moment
from inbox.connectors.read_each import Place, name_of, read_each

PAGE = 100


def poll_word(api: BlueskyApi, word: str, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Posts of others, newest first until known; then, once an hour, edits and deletions."""
    begin = {"since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if since else {}

    def page(older: str | None) -> Page[Any]:
        query = {"q": f'"{word}"' if " " in word else word, "sort": "latest", "limit": PAGE, **begin}
        try:
            answer = api.get("app.bsky.feed.searchPosts", {**query, **({"cursor": older} if older else {})})
        except Refused:
            if older is None:
                raise
            # The search ends after some thousand posts, and says so by refusing.
            return Page([], None)
        items = listed(answer.get("posts"))
        named = [(name_of(item, "uri"), moment(mapping(item).get("indexedAt")), item) for item in items]
        return Page(named, str(answer["cursor"]) if answer.get("cursor") else None)

    watch = Watch(api, cursor)
    state: Mapping[str, Any] = cursor
    # Its pages are counted, so that a deletion moves posts up.
    for fresh, state in catch_up(page, cursor, since, shifts=True):
        views = posts_by_uri(api, uris_of(fresh))

        def place(item: Any, views: Mapping[str, Any] = views) -> Place:
            return {"view": views.get(name_of(item, "uri"), {}), "of_others": True}

        def read(item: Any, place: Callable[[Any], Place] = place) -> Sequence[IncomingMessage]:
            return read_placed(item, place(item), our_did=api.did, since=since)

        harvest = read_each(fresh, read, place)
        watch.add(harvest.messages)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state, **watch.state})
    for batch in watch.look_again():
        yield Batch(batch.messages, batch.deletions, cursor={"v": VERSION, **state, **watch.state})
