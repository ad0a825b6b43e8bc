"""Reads what anybody says about a word on a Mastodon server: a hashtag's timeline, or the search where the server has one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, IncomingMessage
from inbox.connectors.http import read_json
from inbox.connectors.json_api import listed, mapping, segment
from inbox.connectors.lenient import moment
from inbox.connectors.mastodon_api import MastodonApi, Us
from inbox.connectors.mastodon_poll import VERSION, older_than
from inbox.connectors.mastodon_read import read_placed
from inbox.connectors.mastodon_watch import Watch
from inbox.connectors.read_each import name_of, read_each

PAGE = 40


def poll_word(
    api: MastodonApi, us: Us, word: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Posts of others, newest first until known; then, once an hour, edits and deletions."""

    def page(older: str | None) -> Page[Any]:
        items, further = _found(api, word, older)
        return Page([(name_of(item), moment(mapping(item).get("created_at")), item) for item in items], further)

    place = {"of_others": True}

    def read(item: Any) -> Sequence[IncomingMessage]:
        return read_placed(item, place, domain=us.domain, our_id=us.id, since=since)

    watch = Watch(api, us, cursor)
    state: Mapping[str, Any] = cursor
    for fresh, state in catch_up(page, cursor, since):
        harvest = read_each(fresh, read, place)
        watch.add(harvest.messages)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state, **watch.state})
    for batch in watch.look_again():
        yield Batch(batch.messages, batch.deletions, cursor={"v": VERSION, **state, **watch.state})


def _found(api: MastodonApi, word: str, older: str | None) -> tuple[list[Any], str | None]:
    """A page of posts, newest first, and where the next one starts."""
    below = {"max_id": older} if older else {}
    if word.startswith("#") and " " not in word:
        response = api.read(f"/api/v1/timelines/tag/{segment(word.removeprefix('#'))}", {"limit": PAGE, **below})
        items = listed(read_json(response))
        return items, older_than(response, items)
    query = {"q": f'"{word}"' if " " in word else word, "type": "statuses", "limit": PAGE, **below}
    items = listed(mapping(api.get("/api/v2/search", query)).get("statuses"))
    return items, name_of(items[-1]) if len(items) == PAGE else None
