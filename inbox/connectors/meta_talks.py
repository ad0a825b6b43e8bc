"""Private conversations as Facebook and Instagram share them: walked from poll to poll, and answered within the window."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from inbox.clock import now
from inbox.connectors.catch_up import Page
from inbox.connectors.contract import Batch, IncomingMessage, OutgoingReply, Refused
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import moment, whole_number, words
from inbox.connectors.meta_api import MetaApi
from inbox.connectors.meta_api import Page as MetaPage
from inbox.connectors.meta_read import SAID, author_of, talk_message
from inbox.connectors.meta_setup import still_open
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.read_each import name_of, not_before, read_each

VERSION = 1
TALKS = 100
PAGES = 2_000  # of fifty conversations each; a platform that sends ever new ones is not followed for ever
OVERLAP = timedelta(days=1)
TALK = "id,updated_time,participants,message_count"


def poll_talks(
    api: MetaApi, ours: Sequence[str], cursor: Mapping[str, Any], since: datetime | None, *, platform: str, owner: str
) -> Iterator[Batch]:
    """What was written in private conversations that have changed, page by page of them, the last changed first.

    `ours` are the ids and names that are us, `owner` is whose conversations are listed. A walk that ends on its way is
    gone on with by the next poll; what has changed meanwhile is newer than where it began, and so the poll after that.
    """
    reached = moment(cursor.get("reached"))
    border = max(filter(None, (reached and reached - OVERLAP, since)), default=None)
    walk = _Walk.resumed(cursor)

    def talks(after: str | None) -> MetaPage:
        return api.page(f"/{segment(owner)}/conversations", {"platform": platform, "fields": TALK, "limit": 50}, after)

    def said(parent: Parent[Any], older: str | None) -> Page[Any]:
        page = api.page(f"/{segment(parent.name)}/messages", {"fields": SAID, "limit": 25}, older)
        return Page([(name_of(row), moment(mapping(row).get("created_time")), row) for row in page.rows], page.after)

    try:
        page = talks(walk.after)
    except Refused:
        if walk.after is None:
            raise
        # The position has expired; from the top the same ground is covered.
        walk.begin_anew()
        page = talks(None)
    while True:
        parents = [Parent(name_of(row), _changed(row), row) for row in page.rows if mapping(row).get("id")]
        for parent, fresh, state in read_below(parents, said, {"below": walk.below}, border, looks_again=False):
            person = _other(parent.row, ours)

            def read(row: Any, person: str = person) -> Sequence[IncomingMessage]:
                return not_before(since, talk_message(row, ours=ours, person_id=person))

            found = read_each(fresh, read, {"person": person})
            walk.below |= state["below"]
            yield Batch(found.messages, (), found.bad, found.filtered, walk.cursor(reached))
        times = [at for at in (moment(mapping(row).get("updated_time")) for row in page.rows) if at]
        walk.leave([parent.name for parent in parents], times, page.after)
        if walk.is_over or (border and times and min(times) < border):
            yield Batch(cursor=walk.end(reached))
            return
        yield Batch(cursor=walk.cursor(reached))
        page = talks(walk.after)


@dataclass
class _Walk:
    """Where a walk through the conversations is: the page at `after`, and what is known of conversations `below`."""

    before: Sequence[str]
    below: dict[str, Any]
    after: str | None = None
    newest: datetime | None = None
    pages: int = 0
    recent: list[str] = field(default_factory=list)
    is_over: bool = False

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any]) -> Self:
        below, at = dict(mapping(cursor.get("below"))), mapping(cursor.get("walk"))
        walk = cls(list(below), below, words(at.get("after")) or None)
        if walk.after:
            walk.newest, walk.pages = moment(at.get("newest")), whole_number(at.get("pages"))
            walk.recent = list(below)[:TALKS]
        return walk

    def begin_anew(self) -> None:
        self.after, self.newest, self.pages, self.recent = None, None, 0, []

    def leave(self, names: Sequence[str], times: Sequence[datetime], after: str | None) -> None:
        """The page has been read; of those on it only as many are remembered as the next poll may meet again."""
        self.newest = max(filter(None, (*times, self.newest)), default=None)
        self.recent = (self.recent + [name for name in names if name not in self.recent])[:TALKS]
        kept = dict.fromkeys((*self.recent, *self.before[: 2 * TALKS]))
        self.below = {name: self.below[name] for name in kept if name in self.below}
        self.pages += 1
        self.is_over = after in {None, self.after} or self.pages >= PAGES
        self.after = after

    def cursor(self, reached: datetime | None) -> dict[str, Any]:
        """What the next poll, or this one after a kill, goes on from."""
        at = {"after": self.after, "newest": self.newest and self.newest.isoformat(), "pages": self.pages}
        return _cursor(reached, self.below) | ({"walk": at} if self.after else {})

    def end(self, reached: datetime | None) -> dict[str, Any]:
        """The walk is over: what changes from now on is newer than all of it."""
        # A time that is wrong must not hide what comes until then.
        newest = min(self.newest, now()) if self.newest else reached
        return _cursor(newest, {name: self.below[name] for name in self.recent if name in self.below})


def _cursor(reached: datetime | None, below: Mapping[str, Any]) -> dict[str, Any]:
    return {"v": VERSION, "reached": reached and reached.isoformat(), "below": dict(below)}


def answer_talk(api: MetaApi, path: str, reply: OutgoingReply, *, by_people: bool) -> str:
    """Answer a person; the id of the answer, empty when Meta names none. Raises Refused when the window is closed."""
    person = words(reply.parent_handle.get("person_id"))
    in_time = still_open(reply.parent_handle, by_people=by_people)
    kind = {"messaging_type": "RESPONSE"} if in_time else {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    body = {"recipient": {"id": person}, "message": {"text": reply.text}, **kind}
    return text_of(api.post(f"/{path}/messages", body).get("message_id"))


def find_answer(
    api: MetaApi, reply: OutgoingReply, *, ours: Sequence[str], platform: str, owner: str
) -> IncomingMessage | None:
    """Our own words in the conversation with the person, or None."""
    person = words(reply.parent_handle.get("person_id"))
    query = {"platform": platform, "user_id": person, "fields": f"id,messages.limit(50){{{SAID}}}"}
    talks = api.page(f"/{segment(owner)}/conversations", query).rows
    rows = [row for talk in talks for row in mapping(mapping(talk).get("messages")).get("data") or ()]
    found = read_each(rows, lambda row: [talk_message(row, ours=ours, person_id=person)])
    return next((message for message in found.messages if is_our_answer(message, reply)), None)


def _changed(row: Any) -> str:
    return f"{mapping(row).get('updated_time')} {mapping(row).get('message_count')}"


def _other(row: Any, ours: Sequence[str]) -> str:
    people = mapping(mapping(row).get("participants")).get("data")
    both = [author_of(person, *ours) for person in (people if isinstance(people, list) else [])]
    return next((each.external_id for each in both if each and not each.is_us), name_of(row))
