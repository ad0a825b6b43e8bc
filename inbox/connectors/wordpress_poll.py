"""Reads the comments of a WordPress site: new ones page by page, and what became of the latest. Used by `wordpress` alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, Deletion, IncomingMessage, Known
from inbox.connectors.http import BadRequest
from inbox.connectors.json_api import listed, mapping, text_of
from inbox.connectors.lenient import is_before
from inbox.connectors.look_again import LookAgain, Refetch
from inbox.connectors.read_each import name_of, read_each
from inbox.connectors.wordpress_read import Comment, message_of, posted_at

VERSION = 1
PAGE = 100
DEEPEST = 10
REMEMBERED = 2_000
SEEN, PUT_AWAY = ("approve", "hold"), ("spam", "trash")
SEEN, PUT_AWAY = ("approve", "hold"), ("spam", "trash")
SHOWN = {"context": "edit", "per_page": PAGE, "_embed": "up"}
Get = Callable[[str, Mapping[str, Any]], Any]


def poll_comments(
    get: Get, status: str, our_id: int, cursor: Mapping[str, Any], since: datetime | None, refetch: Refetch
) -> Iterator[Batch]:
    """Comments of one state, newest first until known; counted pages, which shift when comments come and go.

    WordPress tells nobody of edits and deletions; so once an hour the latest comments are asked for again.
    """
    roots = {name: root for name, root in mapping(cursor.get("roots")).items() if isinstance(root, str)}
    watch = LookAgain(cursor)

    def page(older: str | None) -> Page[Any]:
        query = {"status": status, "page": older or 1, "orderby": "id", "order": "desc", **SHOWN}
        try:
            found = listed(get("/wp/v2/comments", query))
        except BadRequest:
            if older is None:
                raise
            # Some sites call a page behind the last one a mistake.
            found = []
        dated = [(name_of(each), posted_at(mapping(each).get("date_gmt")), each) for each in found]
        return Page(dated, str(int(older or 1) + 1) if found else None)

    def state(walked: Mapping[str, Any]) -> dict[str, Any]:
        return {"v": VERSION, **walked, "roots": dict(list(roots.items())[-REMEMBERED:]), **watch.state}

    walked: Mapping[str, Any] = {}
    for fresh, walked in catch_up(page, cursor, since, shifts=True):
        _find_roots(get, fresh, roots)

        def read(raw: Any) -> Sequence[IncomingMessage]:
            comment = Comment.model_validate(raw)
            if is_before(comment.posted_at, since):
                return ()
            return (message_of(raw, our_id=our_id, thread_id=roots[comment.id]),)

        harvest = read_each(fresh, read, lambda raw: {"thread": roots.get(text_of(mapping(raw).get("id")), "")})
        watch.add(harvest.messages)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, state(walked))
    for changed in watch.look(refetch, at_once=PAGE):
        yield Batch(changed.messages, changed.deletions, cursor=state(walked))
    yield Batch(cursor=state(walked))


def again(get: Get, known: Sequence[Known], our_id: int) -> Batch:
    """These comments as they are now; what is neither shown nor held is gone for readers. At most a hundred."""
    asked = [each for each in known if is_number(each.external_id)]
    names = [each.external_id for each in asked]
    found = included(get, names)
    threads = {each.external_id: each.thread_id for each in asked}

    def read(raw: Any) -> Sequence[IncomingMessage]:
        return (message_of(raw, our_id=our_id, thread_id=threads[text_of(raw["id"])]),)

    there = (raw for name, raw in found.items() if name in threads)
    harvest = read_each(there, read, lambda raw: {"thread": threads.get(text_of(mapping(raw).get("id")), "")})
    missing = [name for name in names if name not in found]
    put_away = included(get, missing, PUT_AWAY)
    gone = [Deletion(name, can_come_back=name in put_away) for name in missing]
    return Batch(harvest.messages, gone, harvest.bad)


def included(get: Get, names: Sequence[str], states: Sequence[str] = SEEN) -> dict[str, Any]:
    """Those of these comments that are in one of these states, by id; at most a hundred are asked for."""
    wanted = [name for name in names if is_number(name)]
    found: dict[str, Any] = {}
    for status in states if wanted else ():
        for raw in listed(get("/wp/v2/comments", {"include": ",".join(wanted), "status": status, **SHOWN})):
            found[text_of(mapping(raw).get("id"))] = raw
    return found


def _find_roots(get: Get, page: Sequence[Any], roots: dict[str, str]) -> None:
    """Adds the comment that began it for each comment of the page."""
    parents: dict[str, str] = {}
    rows = [*page]
    for _ in range(DEEPEST):
        parents |= {text_of(raw["id"]): text_of(raw.get("parent") or "") for raw in map(mapping, rows) if "id" in raw}
        missing = sorted(set(parents.values()) - set(parents) - set(roots) - {""})
        if not missing:
            break
        answer = included(get, missing[:PAGE])
        rows = [*answer.values(), *({"id": name} for name in missing[:PAGE] if name not in answer)]
    for name in parents:
        above, walked = name, {name}
        while above not in roots and (parents.get(above) or above) not in walked:
            above = parents[above]
            walked.add(above)
        roots[name] = roots.get(above, above)


def is_number(name: str) -> bool:
    """Whether WordPress would take this for an id."""
    return name.isascii() and name.isdecimal() and len(name) < 20
