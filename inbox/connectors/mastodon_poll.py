"""Reads a Mastodon account's streams: mentions, the threads below its posts, and what became of messages already read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Batch,
    ConnectorError,
    Gone,
    IncomingMessage,
    NeedsPerson,
    Passing,
    RateLimited,
)
from inbox.connectors.http import read_json
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import is_before, moment
from inbox.connectors.mastodon_api import MastodonApi, Us
from inbox.connectors.mastodon_read import Notification, Status, read_placed
from inbox.connectors.mastodon_watch import Watch
from inbox.connectors.read_each import Place, name_of, read_each

VERSION = 1
QUOTES_SINCE = 7  # the API version in which quotes got notifications; older servers may refuse the word
OWN_POSTS = 40
OWN_PAGES = 5
SEEN_IN_THREADS = 1_000


def poll_mentions(api: MastodonApi, us: Us, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Who named us, newest first until known; then, once an hour, edits and deletions."""
    types = ["mention", "quote"] if us.api_version >= QUOTES_SINCE else ["mention"]

    def page(older: str | None) -> Page[Any]:
        query = {"types[]": types, "limit": 40, "include_filtered": "true", **({"max_id": older} if older else {})}
        response = api.read("/api/v1/notifications", query)
        items = _list(read_json(response))
        return Page(
            [(name_of(item), moment(mapping(item).get("created_at")), item) for item in items],
            older_than(response, items),
        )

    def read(item: Any) -> Sequence[IncomingMessage]:
        notification = Notification.model_validate(item)
        # Some servers ignore `types[]`; a status that is gone already leaves an empty notification.
        if notification.type not in types or notification.status is None:
            return ()
        return read_placed(notification.status, {}, domain=us.domain, our_id=us.id, since=since)

    watch = Watch(api, us, cursor)
    state: Mapping[str, Any] = cursor
    for fresh, state in catch_up(page, cursor, since):
        harvest = read_each(fresh, read, {})
        watch.add(harvest.messages)
        cursor = {"v": VERSION, **state, **watch.state}
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, cursor)
    for batch in watch.look_again():
        yield Batch(batch.messages, batch.deletions, cursor={"v": VERSION, **state, **watch.state})


def poll_threads(api: MastodonApi, us: Us, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Answers below our latest posts, also those that do not name us; then, once an hour, edits and deletions."""
    watch = Watch(api, us, cursor)
    seen = dict.fromkeys(name for name in cursor.get("seen") or () if isinstance(name, str))
    before = mapping(cursor.get("counts"))
    counts: dict[str, int] = {}
    covered = set[str]()
    failure: ConnectorError | None = None
    is_read = False
    for own, raw in _own_posts(api, us, since, 1 if cursor.get("is_whole") else OWN_PAGES):
        count = own.replies_count or 0
        if count == before.get(own.id, 0) or own.id in covered:
            counts[own.id] = count
            continue
        try:
            around = mapping(api.get(f"/api/v1/statuses/{segment(own.id)}/context"))
        except (RateLimited, NeedsPerson):
            raise
        except ConnectorError as error:
            # One thread that cannot be given must not keep the others from being read; it is asked for again.
            failure, counts[own.id] = error, before.get(own.id, 0)
            continue
        is_read = True
        above, below = _list(around.get("ancestors", [])), _list(around.get("descendants", []))
        root = name_of(above[0]) if above else own.id
        items = [raw, *below]
        covered.update(map(name_of, items))
        fresh = [item for item in items if name_of(item) not in seen]

        place = {"thread": root}

        def read(item: Any, place: Place = place) -> Sequence[IncomingMessage]:
            return read_placed(item, place, domain=us.domain, our_id=us.id, since=since)

        harvest = read_each(fresh, read, place)
        watch.add(harvest.messages)
        seen = dict.fromkeys([*seen, *map(name_of, fresh)][-SEEN_IN_THREADS:])
        counts[own.id] = count
        state = {"v": VERSION, "seen": list(seen), "counts": {**before, **counts}, "is_whole": cursor.get("is_whole")}
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {**state, **watch.state})
    if failure and not is_read and not isinstance(failure, Gone):
        raise failure
    state = {"v": VERSION, "seen": list(seen), "counts": counts, "is_whole": True}
    for batch in watch.look_again():
        yield Batch(batch.messages, batch.deletions, cursor={**state, **watch.state})
    yield Batch(cursor={**state, **watch.state})


def _own_posts(api: MastodonApi, us: Us, since: datetime | None, pages: int) -> Iterator[tuple[Status, Any]]:
    """Our latest posts, newest first, over at most `pages` pages back to `since`."""
    older: dict[str, str] = {}
    for _ in range(pages):
        query = {"limit": OWN_POSTS, "exclude_reblogs": "true", **older}
        items = _list(api.get(f"/api/v1/accounts/{segment(us.id)}/statuses", query))
        if not items:
            return
        for item in items:
            try:
                status = Status.model_validate(item)
            except ValueError:
                # It is our own; there is nothing to answer in it.
                continue
            if is_before(status.created_at, since):
                return
            yield status, item
        older = {"max_id": name_of(items[-1])}


def older_than(response: httpx.Response, items: Sequence[Any]) -> str | None:
    """Where the next page starts: as the server says, else after the last item."""
    link = response.links.get("next", {}).get("url", "")
    # Only the position is taken: the address names the server as it calls itself, which may not be where we asked.
    try:
        told = parse_qs(urlsplit(link).query).get("max_id", [])
    except ValueError:
        told = []
    return (told[0] if told else name_of(items[-1])) if items else None


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Passing(N_("The server answered something that is not a list."))
    return value
