"""Reads feeds: entries as messages, each once, and again when its words change. The base of what platforms offer as a feed."""

import hashlib
from abc import abstractmethod
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from inbox.connectors.contract import (
    N_,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Gone,
    IncomingMessage,
    NeedsPerson,
    OutgoingReply,
    Passing,
    Receipt,
)
from inbox.connectors.http import fetch, open_client
from inbox.connectors.lenient import words
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.rss_parse import Entry, Feed, NotAFeed, parse_entry, parse_feed

VERSION = 1
SIZE = 5 * 1024 * 1024
REMEMBERED = 5_000
AT_ONCE = 200
CANNOT = N_("A feed can only be read.")


class FeedReader(ChannelConnector):
    """A connection whose streams are feeds. Nothing can be answered there, and an entry that is gone proves nothing."""

    capabilities: ClassVar[Capabilities] = Capabilities(tells_edits=True, because={"replies": CANNOT, "acts": CANNOT})

    @abstractmethod
    def address(self, stream: str) -> str:
        """Where the feed of a stream lies."""

    def credentials(self) -> tuple[str, str]:
        """Name and password, for feeds that ask for them."""
        return "", ""

    def message(self, entry: Entry, feed: Feed) -> IncomingMessage:
        """An entry as a message."""
        return message_of(entry, feed)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Entries that are new or whose words changed, oldest first; those already seen are not counted again."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        seen = {str(e[0]): str(e[1]) for e in known.get("seen") or () if isinstance(e, list | tuple) and len(e) == 2}
        headers, feed = self.read(stream, known)
        if feed is None:
            return
        fresh = [entry for entry in reversed(feed.entries) if seen.get(_mark(entry.external_id)) != _stamp(entry)]
        broken = [xml for xml in feed.broken if _mark(xml) not in seen]

        def place(xml: str) -> Place:
            link = feed.broken[xml]
            return {"title": feed.title, "base": feed.base, "link": link, "language": feed.language}

        # Without its feed each is read as it will be later, so that it is kept with all that takes.
        late = read_each(broken, lambda xml: self._read(xml, place(xml)), place)
        present = {_mark(name) for name in (*(entry.external_id for entry in feed.entries), *feed.broken)}
        for start in range(0, max(1, len(fresh)), AT_ONCE):
            part = fresh[start : start + AT_ONCE]
            is_last = start + AT_ONCE >= len(fresh)
            seen.update((_mark(entry.external_id), _stamp(entry)) for entry in part)
            if is_last:
                seen.update((_mark(xml), "") for xml in broken)
                # What left the feed is forgotten first, once there is too much to remember.
                kept = sorted(seen.items(), key=lambda item: item[0] in present)[-REMEMBERED:]
                after = {"v": VERSION, "seen": [list(item) for item in kept], **headers}
            else:
                # Without the new ETag: a poll that is cut off here is told everything again.
                after = {"v": VERSION, "seen": [list(item) for item in seen.items()]}
            wanted = [e for e in part if not (since and e.posted_at and e.posted_at < since)]
            yield Batch(
                messages=[self.message(entry, feed) for entry in wanted] + (late.messages if is_last else []),
                bad=late.bad if is_last else (),
                filtered=len(part) - len(wanted),
                cursor=after,
            )

    def reread(self, raw: str) -> Batch:
        """What its feed says of all entries was kept with it."""
        return read_in_place(raw, self._read)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Nothing was ever sent."""
        return None

    def read(self, stream: str, known: Mapping[str, Any]) -> tuple[dict[str, str], Feed | None]:
        """The feed with what to ask for next time; None when it has not changed."""
        asked = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        headers = {name: value for name, value in asked.items() if isinstance(value, str) and value}
        headers["Accept"] = (
            "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
        )
        user, password = self.credentials()
        if user or password:
            # As a header, not as httpx's auth, which would follow a redirect to another host.
            headers["Authorization"] = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        # A feed that was one before is more likely away for a moment than for good.
        failure = Passing if known else NeedsPerson
        with open_client(
            allow_private=self.surroundings.allow_private_addresses,
            timeout_seconds=self.surroundings.timeout_seconds,
            pace=self.surroundings.pace,
        ) as client:
            try:
                response = fetch(client, "GET", self.address(stream), headers=headers, limit=SIZE)
            except Gone as error:
                raise failure(N_("%(error)s Check the address of the feed.", error=error)) from None
        if response.status_code == 304:
            return {}, None
        try:
            feed = parse_feed(response.content, str(response.url), response.charset_encoding)
        except NotAFeed as error:
            host = response.url.host
            raise failure(N_("%(host)s did not answer with a feed. %(error)s", host=host, error=error)) from None
        told = {"etag": response.headers.get("ETag", ""), "modified": response.headers.get("Last-Modified", "")}
        return {name: value for name, value in told.items() if value and len(value) < 500 and value.isascii()}, feed

    def _read(self, xml: str, place: Place) -> Sequence[IncomingMessage]:
        title, base, link, language = (words(place.get(name)) for name in ("title", "base", "link", "language"))
        return (self.message(parse_entry(xml, base=base, own_link=link, language=language), Feed(title)),)


def message_of(entry: Entry, feed: Feed) -> IncomingMessage:
    """An entry as a message."""
    name = entry.author or feed.title
    return IncomingMessage(
        external_id=entry.external_id,
        thread_id=entry.parent_id or entry.external_id,
        parent_id=entry.parent_id,
        text=entry.text,
        html=entry.html,
        subject=entry.title,
        url=entry.url,
        posted_at=entry.posted_at,
        edited_at=entry.edited_at,
        language=entry.language,
        # A name is all that a feed knows of a person.
        author=Author(external_id=(entry.author_url or name)[:400], name=name, profile_url=entry.author_url)
        if name
        else None,
        raw={"id": entry.external_id, "title": entry.title, "link": entry.url, "author": entry.author},
    )


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


def _stamp(entry: Entry) -> str:
    return _mark(f"{entry.title}\n{entry.text}")[:8]
