"""Reads the lists of a Lemmy server: counted pages, newest first; and single posts and comments again. Used by `lemmy` alone."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import N_, Batch, Deletion, Gone, IncomingMessage, Known, NeedsPerson
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lemmy_api import LemmyApi
from inbox.connectors.lemmy_read import COMMENT, POST, can_come_back, is_gone, kind_of, message_of
from inbox.connectors.lenient import moment
from inbox.connectors.look_again import LookAgain, Refetch
from inbox.connectors.read_each import dumped, name_of, not_before, read_each

VERSION = 1
PAGE = 50
WATCHED, AT_ONCE = 50, 20
WORDS = ("name", "body", "content", "url", "deleted", "removed")
LISTS = {
    "replies": ("/user/replies", "replies"),
    "mentions": ("/user/mention", "mentions"),
    "messages": ("/private_message/list", "private_messages"),
    "comments": ("/comment/list", "comments"),
    "posts": ("/post/list", "posts"),
}


def poll_list(
    api: LemmyApi,
    stream: str,
    our_id: int,
    cursor: Mapping[str, Any],
    since: datetime | None,
    refetch: Refetch,
) -> Iterator[Batch]:
    """What is new in a list ("replies", "comments:<community>" …), and what its first page shows changed.

    What else was edited or deleted is found by asking hourly for the latest again; private messages cannot be asked for.
    """
    watch = LookAgain(cursor, watched=WATCHED)

    def read(raw: Any) -> Sequence[IncomingMessage]:
        message = message_of(raw, server=api.login.server, our_id=our_id)
        return not_before(since, message)

    walked: Mapping[str, Any] = {}
    for fresh, walked in catch_up(lambda older: _page(api, stream, older), cursor, since, shifts=True):
        gone = [Deletion(_name(raw), can_come_back=can_come_back(raw)) for raw in fresh if is_gone(raw)]
        harvest = read_each([raw for raw in fresh if not is_gone(raw)], read)
        watch.add(m for m in harvest.messages if "private_message_id" not in m.reply_handle and not _is_ours(m))
        for deletion in gone:
            watch.watched.pop(deletion.external_id, None)
        state = {"v": VERSION, **walked, **watch.state}
        yield Batch(harvest.messages, gone, harvest.bad, harvest.filtered, state)
    for changed in watch.look(refetch, at_once=AT_ONCE):
        state = {"v": VERSION, **walked, **watch.state}
        yield Batch(changed.messages, changed.deletions, cursor=state)
    yield Batch(cursor={"v": VERSION, **walked, **watch.state})


def again(api: LemmyApi, known: Sequence[Known], our_id: int) -> Batch:
    """These posts and comments as they are now; those deleted or removed as deletions."""
    found: list[Any] = []
    gone: list[Deletion] = []
    for each in known:
        try:
            view = _view(api, each.external_id)
        except Gone:
            gone.append(Deletion(each.external_id))
            continue
        if is_gone(view):
            gone.append(Deletion(each.external_id, can_come_back=can_come_back(view)))
        elif view is not None:
            found.append(view)
    harvest = read_each(found, lambda raw: [message_of(raw, server=api.login.server, our_id=our_id)])
    return Batch(harvest.messages, gone, harvest.bad)


def _page(api: LemmyApi, stream: str, older: str | None) -> Page[Any]:
    name, _, community = stream.partition(":")
    path, field = LISTS[name]
    # Private messages know no order but the newest first.
    order = {} if name == "messages" else {"sort": "New"}
    where = {"community_name": community, "type_": "All"} if community else {}
    try:
        answer = api.get(path, {**order, **where, "page": int(older or 1), "limit": PAGE})
    except Gone as error:
        raise NeedsPerson(
            N_("%(error)s Is there such a community (%(name)s)?", error=error, name=community or name)
        ) from None
    found = listed(mapping(answer).get(field))
    return Page([(_mark(raw), _published(raw), raw) for raw in found], str(int(older or 1) + 1) if found else None)


def _view(api: LemmyApi, name: str) -> Any:
    """A post or comment by its name; None for anything else."""
    kind, _, number = name.partition(":")
    if kind not in {COMMENT, POST} or not (number.isascii() and number.isdecimal() and len(number) < 12):
        return None
    view = mapping(api.get(f"/{kind}", {"id": number})).get(f"{kind}_view")
    return view if kind_of(view) else None


def _name(raw: Any) -> str:
    return f"{kind_of(raw)}:{raw[kind_of(raw)]['id']}"


def _mark(raw: Any) -> str:
    """Names an item as it is now: once it says something else, or is gone, it counts as new."""
    shown = mapping(mapping(raw).get(kind_of(raw)))
    if not isinstance(shown.get("id"), int):
        return name_of(raw)
    said = dumped([shown.get(name) for name in WORDS]).encode("utf-8", "replace")
    return f"{_name(raw)}:{hashlib.blake2b(said, digest_size=6).hexdigest()}"


def _published(raw: Any) -> datetime | None:
    # What is addressed to us stands where it arrived; what comes from afar may have been written long before.
    view = mapping(raw)
    arrived = next((view[name] for name in ("comment_reply", "person_mention") if name in view), view.get(kind_of(raw)))
    return moment(mapping(arrived).get("published"))


def _is_ours(message: IncomingMessage) -> bool:
    return bool(message.author and message.author.is_us)
