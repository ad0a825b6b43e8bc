"""Reads what is written below a page's latest posts, and below the comments there. Used by `linkedin` alone.

LinkedIn does not say in which order it lists comments, and pages them by number. So a post is read whole when its count has
changed, and once an hour while there was news in the last two days; what is known is left out. Nothing then depends on an
order, and what is missing from the whole list is asked for by itself before it counts as deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, Deletion, Gone, IncomingMessage
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import is_before, unix_moment, words
from inbox.connectors.linkedin_api import LinkedInApi, Rows
from inbox.connectors.linkedin_read import (
    about_post,
    answers_of,
    comment_name,
    mark_of,
    message_of,
    number_of,
    thing_of,
)
from inbox.connectors.read_each import not_before, read_each

VERSION = 1
POSTS = 30
PAGES = 50
PASSES = 4  # how often a list of several pages is read again while comments still move
KNOWN = 5_000  # as many as one reading of a post meets
ASKED = 20  # missing comments that are asked for after one reading
LOOK_EVERY = timedelta(hours=1)
WATCHED_FOR = timedelta(hours=48)  # no words are kept for longer, so that later edits concern nobody


@dataclass(frozen=True, slots=True)
class Place:
    """A post, or a comment with answers (then `first` is that comment), and what is kept of what stands below it."""

    name: str
    post: str
    about: str
    count: int
    kept: Mapping[str, Any]
    first: Any = None

    @property
    def known(self) -> dict[str, int]:
        """Each comment's number with the mark of its words."""
        return {name: mark for name, mark in mapping(self.kept.get("known")).items() if isinstance(mark, int)}

    @property
    def is_due(self) -> bool:
        """Whether something was added or taken away, or it is time to look for edits."""
        if self.kept.get("count") != self.count:
            return self.count > 0 or bool(self.known)
        return _passed(self.kept.get("looked")) >= LOOK_EVERY and _passed(self.kept.get("news")) < WATCHED_FOR


class Reading:
    """One poll. `cursor` is what of it belongs into the next one."""

    def __init__(self, api: LinkedInApi, us: str, cursor: Mapping[str, Any], since: datetime | None) -> None:
        self.api = api
        self.us = us
        self.since = since
        self.places = {name: mapping(kept) for name, kept in mapping(cursor.get("places")).items()}

    @property
    def cursor(self) -> dict[str, Any]:
        """Every place with what is known below it."""
        return {"v": VERSION, "places": {name: dict(kept) for name, kept in self.places.items()}}

    def poll(self) -> Iterator[Batch]:
        """Post by post, each with the answers below its comments."""
        posts = {name: post for post in self.api.posts(self.us, POSTS) if (name := text_of(mapping(post).get("id")))}
        counts = self.api.counts(list(posts))
        self.places = {name: kept for name, kept in self.places.items() if kept.get("post") in posts}
        for name, post in posts.items():
            if name in counts:
                yield from self._read(Place(name, name, about_post(post), counts[name], mapping(self.places.get(name))))
        yield Batch(cursor=self.cursor)

    def _read(self, place: Place) -> Iterator[Batch]:
        if not place.is_due:
            return
        try:
            yield from self._walk(place)
        except Gone:
            # One that has just been deleted keeps nobody from the others.
            return

    def _walk(self, place: Place) -> Iterator[Batch]:
        known, met, is_whole = place.known, dict[str, Any](), False
        for _ in range(PASSES):
            is_quiet, pages, is_whole = True, 0, False
            for page in self._pages(place.name):
                fresh = {number: raw for raw in page.rows if known.get(number := number_of(raw)) != mark_of(raw)}
                known |= {number: mark_of(raw) for number, raw in fresh.items()}
                met |= {number_of(raw): raw for raw in page.rows}
                is_quiet, pages, is_whole = is_quiet and not fresh, pages + 1, page.further is None
                if fresh:
                    yield self._news(place, list(fresh.values()), known)
            if is_quiet or pages == 1:
                break
        gone = self._gone(place, known, met) if is_whole else []
        for number in gone:
            del known[number]
        yield from self._answers(place, met)
        self._keep(place, known, count=place.count, looked=_seconds(), on=_on(place, met))
        yield Batch((), [Deletion(comment_name(_on(place, met), number)) for number in gone], cursor=self.cursor)

    def _pages(self, name: str) -> Iterator[Rows]:
        start: int | None = 0
        for _ in range(PAGES):
            page = self.api.comments(name, start or 0)
            yield page
            start = page.further
            if start is None:
                return

    def _news(self, place: Place, rows: Sequence[Any], known: Mapping[str, int]) -> Batch:
        harvest = read_each(rows, lambda raw: self._wanted(raw, place.about), {"about": place.about})
        first: list[IncomingMessage] = []
        if harvest.messages and place.first is not None and not place.known:
            # An answer to something older than what is wanted cannot be understood without it.
            first = [
                message
                for message in read_each([place.first], lambda raw: [self._message(raw, place.about)]).messages
                if is_before(message.posted_at, self.since)
            ]
        # Its count is kept at the end: a reading that is cut off begins anew, and leaves out what is known.
        self._keep(place, known, count=place.kept.get("count"), looked=place.kept.get("looked"))
        for name in {place.name, place.post}:
            self.places[name] = {"post": place.post, **mapping(self.places.get(name)), "news": _seconds()}
        return Batch([*first, *harvest.messages], (), harvest.bad, harvest.filtered, self.cursor)

    def _gone(self, place: Place, known: Mapping[str, int], met: Mapping[str, Any]) -> list[str]:
        missing = [number for number in known if number.isalnum() and number not in met]
        return [number for number in missing[-ASKED:] if self._is_gone(place.name, number)]

    def _is_gone(self, below: str, number: str) -> bool:
        try:
            self.api.comment(below, number)
        except Gone:
            return True
        return False

    def _answers(self, place: Place, met: Mapping[str, Any]) -> Iterator[Batch]:
        if place.first is not None:
            # There are two levels; an answer to an answer stands beside it.
            return
        for number, raw in met.items():
            name = comment_name(thing_of(raw), number)
            if answers_of(raw) or name in self.places:
                kept = mapping(self.places.get(name))
                yield from self._read(Place(name, place.post, place.about, answers_of(raw), kept, raw))

    def _keep(self, place: Place, known: Mapping[str, int], **what: Any) -> None:
        newest = dict(list(known.items())[-KNOWN:])
        self.places[place.name] = {**mapping(self.places.get(place.name)), "post": place.post, "known": newest, **what}

    def _message(self, raw: Any, about: str) -> IncomingMessage:
        return message_of(raw, us=self.us, about=about)

    def _wanted(self, raw: Any, about: str) -> Sequence[IncomingMessage]:
        message = self._message(raw, about)
        return not_before(self.since, message)


def _on(place: Place, met: Mapping[str, Any]) -> str:
    # The post has another name in the names of its comments.
    return next(filter(None, map(thing_of, met.values())), words(place.kept.get("on")))


def _seconds() -> int:
    return int(now().timestamp())


def _passed(seconds: Any) -> timedelta:
    at = unix_moment(seconds)
    return now() - at if at else timedelta.max
