"""Keeps an eye on the last posts read from Bluesky: once an hour it asks what was changed or deleted, as nothing tells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.bluesky_api import BlueskyApi, is_missing
from inbox.connectors.bluesky_read import POST, is_post_uri, message_of, parts_of, read_placed, stamp_of
from inbox.connectors.contract import (
    Batch,
    ConnectorError,
    Deletion,
    Gone,
    IncomingMessage,
    Known,
    NeedsPerson,
    RateLimited,
    Refused,
)
from inbox.connectors.read_each import UNREADABLE, Place, read_each

WATCHED = 200
EVERY = timedelta(hours=1)
AT_ONCE = 25
CONFIRMED = 40  # how many missing ones are looked for at their own home in one round


class Watch:
    """Built from a cursor; `state` is what of it belongs into the next one."""

    def __init__(self, api: BlueskyApi, cursor: Mapping[str, Any]) -> None:
        self.api = api
        self.stamps: dict[str, str] = {}  # address → stamp of the words, least recently looked for first
        for entry in cursor.get("watched") or ():
            if isinstance(entry, list | tuple) and len(entry) == 2 and is_post_uri(entry[0]):
                self.stamps[entry[0]] = str(entry[1])
        self.looked_at = str(cursor.get("looked_at") or now().isoformat())

    @property
    def state(self) -> dict[str, Any]:
        return {"watched": [[uri, stamp] for uri, stamp in self.stamps.items()], "looked_at": self.looked_at}

    def add(self, messages: Iterable[IncomingMessage]) -> None:
        """Watch these too; of more than 200 those that were added first are let go."""
        self.stamps.update((message.external_id, stamp_of(message.text)) for message in messages)
        self.stamps = dict(list(self.stamps.items())[-WATCHED:])

    def look_again(self) -> Iterator[Batch]:
        """Edits and deletions, if an hour has passed. Batches come without cursor: take `state` after each."""
        try:
            is_due = datetime.fromisoformat(self.looked_at) <= now() - EVERY
        except (ValueError, TypeError):
            is_due = True
        if not is_due:
            return
        views = posts_by_uri(self.api, list(self.stamps))
        deletions: list[Deletion] = []
        for uri in [uri for uri in self.stamps if uri not in views][:CONFIRMED]:
            if exists(self.api, uri):
                # Withheld, for instance since we blocked its author. To the end of the line: the next round asks for others.
                self.stamps[uri] = self.stamps.pop(uri)
            else:
                deletions.append(Deletion(uri))
                del self.stamps[uri]
        self.looked_at = now().isoformat()
        yield Batch(messages=list(self._edited(views)), deletions=deletions)

    def _edited(self, views: Mapping[str, Any]) -> Iterator[IncomingMessage]:
        for uri, stamp in list(self.stamps.items()):
            try:
                message = message_of(views[uri], our_did=self.api.did)
            except UNREADABLE:
                continue
            if stamp_of(message.text) != stamp:
                self.stamps[uri] = stamp_of(message.text)
                yield replace(message, edited_at=now())


def again(api: BlueskyApi, known: Sequence[Known]) -> Batch:
    """These posts as they are now; what is withheld from us is neither told nor taken for deleted."""
    threads = {each.external_id: each.thread_id for each in known if is_post_uri(each.external_id)}
    views = posts_by_uri(api, list(threads))

    def place(view: Any) -> Place:
        return {"thread": threads[view["uri"]]}

    there = [view for uri, view in views.items() if uri in threads]
    harvest = read_each(there, lambda view: read_placed(view, place(view), our_did=api.did), place)
    gone = [Deletion(uri) for uri in threads if uri not in views and not exists(api, uri)]
    return Batch(harvest.messages, gone, harvest.bad)


def above(api: BlueskyApi, orphans: Sequence[IncomingMessage]) -> Batch:
    """What these answer and where their threads begin; what is not shown to us as deletions."""
    parents = dict.fromkeys(each.parent_id for each in orphans if is_post_uri(each.parent_id))
    roots = dict.fromkeys(each.thread_id for each in orphans if is_post_uri(each.thread_id))
    views = posts_by_uri(api, list(parents | roots))
    harvest = read_each(views.values(), lambda view: [message_of(view, our_did=api.did)])
    return Batch(harvest.messages, [Deletion(uri) for uri in parents if uri not in views])


def exists(api: BlueskyApi, uri: str) -> bool:
    """Whether a post is still in its author's own records."""
    did, key = parts_of(uri)
    try:
        api.get("com.atproto.repo.getRecord", {"repo": did, "collection": POST, "rkey": key})
    except (RateLimited, NeedsPerson):
        raise
    except ConnectorError as error:
        # Its home may be away or its account asleep; only a clear word counts as a deletion, not any page for 404.
        return not (is_missing(error) or (isinstance(error, Gone) and error.answer))
    return True


def posts_by_uri(api: BlueskyApi, uris: Sequence[str]) -> dict[str, Any]:
    """Post views by address; those that are gone or withheld are missing."""
    found: dict[str, Any] = {}
    for start in range(0, len(uris), AT_ONCE):
        try:
            answer = api.get("app.bsky.feed.getPosts", {"uris": uris[start : start + AT_ONCE]})
        except Refused:
            # One address that the server dislikes must not take the others with it.
            continue
        posts = answer.get("posts")
        for view in posts if isinstance(posts, list) else ():
            if isinstance(view, dict) and isinstance(view.get("uri"), str):
                found[view["uri"]] = view
    return found
