"""Reads a channel's streams: the latest threads, older ones that have grown, what YouTube holds back, and watched words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, Deletion, Gone, IncomingMessage, Refused
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import moment
from inbox.connectors.read_each import UNREADABLE, Harvest, Place, name_of, read_each
from inbox.connectors.youtube_api import QUEUES, YouTubeApi
from inbox.connectors.youtube_read import (
    answers_beyond,
    comments_of,
    read_placed,
    revision_of,
    stamp_of,
    video_message,
    videos_of,
)

VERSION = 1
KNOWN = 500  # comments whose last change is remembered
WATCHED = 200  # of these so many are asked for again
LOOK_EVERY = timedelta(hours=1)
OLDER_PAGES = 20
OLDER_DAYS = 30


class Reading:
    """One poll of comments. Built from a cursor; `state` is what of it belongs into the next one."""

    def __init__(self, api: YouTubeApi, our_id: str, cursor: Mapping[str, Any], since: datetime | None) -> None:
        self.api = api
        self.our_id = our_id
        self.since = since
        self.status = ""
        self.titles: dict[str, str] = {}
        self.stamps = _texts_by_text(cursor.get("stamps"))
        self.looked_at = moment(cursor.get("looked_at")) or now()

    @property
    def state(self) -> dict[str, Any]:
        """For the cursor."""
        self.stamps = dict(list(self.stamps.items())[-KNOWN:])
        return {"v": VERSION, "stamps": dict(self.stamps), "looked_at": self.looked_at.isoformat()}

    def threads(self, threads: Sequence[Any]) -> Harvest:
        """What is new or edited in these threads, their answers among it."""
        comments = [raw for thread in threads for raw in self._comments(thread)]
        return self._news(comments)

    def _comments(self, thread: Any) -> list[Any]:
        try:
            found = comments_of(thread)
        except UNREADABLE:
            # It is no comment either, and will be set aside as what it is.
            return [thread]
        if not answers_beyond(thread):
            return list(found)
        try:
            return [found[0], *self.api.replies(str(thread.get("id")))]
        except Gone:
            # Deleted between the two questions; the next poll tells.
            return list(found)

    def _news(self, comments: Sequence[Any]) -> Harvest:
        fresh = [raw for raw in comments if self._is_news(raw)]
        self._entitle(fresh)
        return read_each(fresh, self._read, self._place)

    def _is_news(self, raw: Any) -> bool:
        name, stamp = text_of(mapping(raw).get("id")), stamp_of(raw)
        if not name:
            return True
        before = self.stamps.pop(name, None)
        self.stamps[name] = stamp
        return before != stamp

    def _place(self, raw: Any) -> Place:
        return {"titles": {name: self.titles.get(name, "") for name in videos_of([raw])}, "status": self.status}

    def _read(self, raw: Any) -> Sequence[IncomingMessage]:
        message = read_placed(raw, self._place(raw), our_id=self.our_id)
        return () if self.since and message.posted_at and message.posted_at < self.since else (message,)

    def look_again(self) -> Batch | None:
        """Edits and deletions among the last comments, once an hour; None when it is too early."""
        if self.looked_at > now() - LOOK_EVERY:
            return None
        self.looked_at, names = now(), list(self.stamps)[-WATCHED:]
        found = self.api.comments(names)
        missing = [name for name in names if name not in found]
        # YouTube does not show by its id what it holds back.
        held = self.api.waiting(self.our_id) if missing else set()
        gone = [name for name in missing if name not in held]
        for name in gone:
            del self.stamps[name]
        harvest = self._news([found[name] for name in names if name in found])
        return Batch(harvest.messages, [Deletion(name) for name in gone], harvest.bad, harvest.filtered)

    def _entitle(self, comments: Sequence[Any]) -> None:
        # Without its video a comment is hard to understand.
        wanted = [name for name in videos_of(comments) if name not in self.titles]
        try:
            found = self.api.videos(wanted) if wanted else {}
        except Refused:
            found = {}
        for name in wanted:
            self.titles[name] = str(mapping(mapping(found.get(name)).get("snippet")).get("title") or "")


def poll_latest(
    api: YouTubeApi, our_id: str, cursor: Mapping[str, Any], since: datetime | None, *, queue: str = ""
) -> Iterator[Batch]:
    """Threads newest first until known; those on the first page come again when they were edited or have grown."""
    reading = Reading(api, our_id, cursor, since)
    reading.status = QUEUES.get(queue, "published")

    def page(older: str | None) -> Page[Any]:
        query = {"allThreadsRelatedToChannelId": our_id, "moderationStatus": QUEUES.get(queue)}
        threads, further = api.threads(query, older)
        return Page([(_name(thread), _posted_at(thread), thread) for thread in threads], further)

    for fresh, state in catch_up(page, cursor, since):
        harvest = reading.threads(fresh)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {**state, **reading.state})
        cursor = state
    again = None if queue else reading.look_again()
    if again is not None:
        yield replace(again, cursor={**cursor, **reading.state})


def poll_older(api: YouTubeApi, our_id: str, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Answers in threads of the last month: an answer does not bring its thread to the top, but the thread counts them."""
    reading = Reading(api, our_id, cursor, since)
    before = {name: count for name, count in mapping(cursor.get("counts")).items() if isinstance(count, int)}
    counts: dict[str, int] = {}
    token, border = None, now() - timedelta(days=OLDER_DAYS)
    for _ in range(OLDER_PAGES):
        threads, token = api.threads({"allThreadsRelatedToChannelId": our_id}, token)
        grown = []
        for thread in threads:
            name, count = _name(thread), mapping(mapping(thread).get("snippet")).get("totalReplyCount")
            if isinstance(count, int) and count > 0:
                counts[name] = count
                if before.get(name) != count:
                    grown.append(thread)
        harvest = reading.threads(grown)
        # A walk that is cut off here has looked at these; the others keep their old count.
        yield Batch(
            harvest.messages, (), harvest.bad, harvest.filtered, {**reading.state, "counts": {**before, **counts}}
        )
        dates = [at for at in map(_posted_at, threads) if at]
        if token is None or (dates and max(dates) < border):
            break
    yield Batch(cursor={**reading.state, "counts": counts})


def poll_word(api: YouTubeApi, word: str, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Videos that a search for the word finds, newest first until known. Google allows a hundred searches a day."""
    start = moment(mapping(cursor).get("at")) or since
    after = (start - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ") if start else None

    def page(older: str | None) -> Page[Any]:
        asked = {"part": "snippet", "type": "video", "order": "date", "maxResults": 50}
        found = api.search({**asked, "q": word, "publishedAfter": after, "pageToken": older})
        return Page([(_video_id(each) or name_of(each), _posted_at(each), each) for each in found[0]], found[1])

    def read(raw: Any) -> Sequence[IncomingMessage]:
        message = video_message(_video_id(raw), raw)
        return () if since and message.posted_at and message.posted_at < since else (message,)

    for fresh, state in catch_up(page, cursor, since):
        harvest = read_each(fresh, read, lambda raw: {"video": _video_id(raw)})
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})


def _name(thread: Any) -> str:
    return revision_of(thread) if isinstance(mapping(thread).get("snippet"), dict) else name_of(thread)


def _posted_at(thread: Any) -> datetime | None:
    snippet = mapping(mapping(thread).get("snippet"))
    first = mapping(mapping(snippet.get("topLevelComment")).get("snippet"))
    return moment(first.get("publishedAt") or snippet.get("publishedAt"))


def _video_id(result: Any) -> str:
    found = mapping(mapping(result).get("id")).get("videoId")
    return found if isinstance(found, str) else ""


def _texts_by_text(value: Any) -> dict[str, str]:
    return {name: text for name, text in mapping(value).items() if isinstance(text, str)}
