"""Reads the posts of a NodeBB forum as our messages: what is new, and what became of the latest. Used by `nodebb` alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Author, Batch, ConnectorError, Deletion, Gone, IncomingMessage, Known, Metric
from inbox.connectors.json_api import listed, mapping, segment, text_of
from inbox.connectors.lenient import Words, counted, is_before, unix_moment, web_address
from inbox.connectors.look_again import LookAgain, Refetch
from inbox.connectors.read_each import Place, name_of, read_each
from inbox.text import one_line, plain_from_html

VERSION = 1
EMPTY_PAGES = 5  # what the account may not see is left out of a page, up to all of it
WATCHED, AT_ONCE = 50, 20
Get = Callable[..., Any]


class Person(BaseModel):
    """An account; of other servers, its number is an address."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    uid: str
    username: Words = ""
    displayname: Words = ""
    userslug: Words = ""
    picture: Words = ""


class Post(BaseModel):
    """A post, of which only its own id and its topic's are sure."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    pid: str
    tid: int
    above: str | None = Field(default=None, alias="toPid")
    content: Words = ""
    timestamp: Any = None
    deleted: Any = False


def poll_posts(
    get: Get, server: str, our_id: str, cursor: Mapping[str, Any], since: datetime | None, refetch: Refetch
) -> Iterator[Batch]:
    """All new posts, newest first until known.

    NodeBB tells of no edits and deletions; so once an hour the latest posts are asked for again.
    """
    watch = LookAgain(cursor, watched=WATCHED)

    def page(older: str | None) -> Page[Any]:
        begin, found = int(older or 1), list[Any]()
        for number in range(begin, begin + EMPTY_PAGES):
            found = listed(get("/api/recent/posts", {"page": number}))
            if found:
                break
        dated = [(name_of(each, "pid"), _posted_at(mapping(each).get("timestamp")), each) for each in found]
        return Page(dated, str(number + 1) if found else None)

    def read(raw: Any) -> Sequence[IncomingMessage]:
        post = Post.model_validate(raw)
        if is_before(_posted_at(post.timestamp), since):
            return ()
        try:
            # The list gives words without their markup; the post itself gives them whole.
            whole = summary(get, post.pid)
        except Gone:
            return ()
        return read_placed(raw, {"whole": whole}, server=server, our_id=our_id)

    def place(raw: Any) -> Place:
        pid = text_of(mapping(raw).get("pid"))
        try:
            return {"whole": dict(summary(get, pid))} if pid else {}
        except ConnectorError:
            # A post that cannot be read must not keep the others waiting.
            return {}

    walked: Mapping[str, Any] = {}

    def state(walked: Mapping[str, Any]) -> dict[str, Any]:
        return {"v": VERSION, **walked, **watch.state}

    for fresh, walked in catch_up(page, cursor, since, shifts=True):
        harvest = read_each(fresh, read, place)
        watch.add(message for message in harvest.messages if not (message.author and message.author.is_us))
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, state(walked))
    for changed in watch.look(refetch, at_once=AT_ONCE):
        yield Batch(changed.messages, changed.deletions, cursor=state(walked))
    yield Batch(cursor=state(walked))


def again(get: Get, known: Sequence[Known], server: str, our_id: str) -> Batch:
    """These posts as they are now; those deleted or purged as deletions."""
    found: list[Any] = []
    gone: list[Deletion] = []
    for each in known:
        try:
            post = summary(get, each.external_id)
        except Gone:
            gone.append(Deletion(each.external_id))
            continue
        if post.get("deleted"):
            gone.append(Deletion(each.external_id, can_come_back=True))
        else:
            found.append(post)
    harvest = read_each(found, lambda raw: [message_of(raw, server=server, our_id=our_id)], {})
    return Batch(harvest.messages, gone, harvest.bad)


def summary(get: Get, pid: str) -> Mapping[str, Any]:
    """A post with its author and topic, its words as HTML."""
    return mapping(mapping(get(f"/api/v3/posts/{segment(pid)}/summary")).get("response"))


def read_placed(raw: Any, place: Place, *, server: str, our_id: str) -> Sequence[IncomingMessage]:
    """A post as a list gives it, from its `whole` where that could be asked for. None for one that is deleted."""
    whole = mapping(place.get("whole")) or raw
    # Moderators are shown these too.
    return () if whole.get("deleted") else (message_of(whole, server=server, our_id=our_id),)


def message_of(raw: Mapping[str, Any], *, server: str, our_id: str) -> IncomingMessage:
    """A post as a message; its conversation is its topic. Raises ValueError when it cannot be read."""
    post = Post.model_validate(raw)
    topic = mapping(raw.get("topic"))
    first = text_of(topic.get("mainPid"))
    title = topic.get("titleRaw") or topic.get("title")
    uid = raw.get("uid")
    return IncomingMessage(
        external_id=post.pid,
        thread_id=f"{post.tid}",
        parent_id=(post.above if post.above not in {None, "", "0"} else first) if post.pid != first else "",
        text=plain_from_html(post.content),
        html=post.content,
        subject=one_line(plain_from_html(title), 500) if isinstance(title, str) else "",
        posted_at=_posted_at(post.timestamp),
        author=_author(raw.get("user"), server, our_id),
        url=f"{server}/post/{segment(post.pid)}",
        reply_handle={"topic_id": post.tid, **({"person_id": uid} if isinstance(uid, int) and uid > 0 else {})},
        raw=raw,
        metrics=counted({Metric.POINTS: raw.get("votes")}),
    )


def _author(raw: Any, server: str, our_id: str) -> Author | None:
    try:
        person = Person.model_validate(raw)
    except ValidationError:
        return None
    if person.uid == "0":
        # A guest, or an account that is gone.
        return None
    picture = f"{server}{person.picture}" if person.picture.startswith("/") else person.picture
    return Author(
        external_id=person.uid,
        handle=person.username,
        name=one_line(person.displayname or person.username, 200) or "?",
        avatar_url=web_address(picture),
        profile_url=f"{server}/user/{segment(person.userslug)}" if person.userslug else "",
        is_us=person.uid == our_id,
    )


def _posted_at(value: Any) -> datetime | None:
    moment = unix_moment(value / 1000) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return moment.astimezone(UTC) if moment else None
