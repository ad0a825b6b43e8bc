"""Hacker News: stories and comments in which a word appears, found by its search; read only."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from inbox.connectors.above import parents_of
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Group,
    Guide,
    IncomingMessage,
    Known,
    Metric,
    Rate,
    Setup,
    StreamSpec,
)
from inbox.connectors.json_api import JsonApi, listed, mapping, text_of
from inbox.connectors.lenient import counted, unix_moment, web_address, words
from inbox.connectors.read_each import name_of, read_again, read_each
from inbox.connectors.watch_words import WordList, stream_names, watch_words, word_of
from inbox.text import one_line, plain_from_html

VERSION = 1
PAGE = 100
SEARCH = "https://hn.algolia.com"
ITEMS = "https://hacker-news.firebaseio.com"
SITE = "https://news.ycombinator.com"
LATER = N_("The search does not tell; messages are asked for again later, and then it shows.")


class HackerNewsSetup(Setup):
    """What to look for."""

    watch: WordList = Field(
        title=N_("Words"),
        description=N_("A product's name, a domain; separate several with commas."),
        min_length=2,
        max_length=2_000,
    )


class HackerNews(ChannelConnector):
    """Some words on Hacker News."""

    kind: ClassVar[str] = "hacker_news"
    label: ClassVar[str] = "Hacker News"
    about: ClassVar[str] = N_("Stories and comments in which words are named. There is no way to answer.")
    group: ClassVar[Group] = Group.FORUM
    setup: ClassVar[type[Setup]] = HackerNewsSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        threads=True,
        watches=True,
        refetches=30,
        metrics=frozenset({Metric.POINTS, Metric.REPLIES}),
        because={
            "tells_edits": LATER,
            "tells_deletes": LATER,
            "replies": N_("Hacker News takes no answers from programs; answer there by the message's link."),
            "acts": N_("Hacker News is moderated by its own people."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (N_("Nothing is needed: choose the words to look for."),),
        gate=N_("None. The search lags some minutes behind the site."),
        page="https://hn.algolia.com/api",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(10_000, 3_600),)

    def check(self) -> Account:
        """Look for the first word."""
        first = watch_words(self.settings.watch)[0]
        with self._search() as api:
            hits = listed(mapping(api.get("/api/v1/search_by_date", _query(first, 0, None))).get("hits"))
        latest = read_each(hits[:3], lambda hit: [message_of(hit)])
        return Account(self.settings.watch[:100], "", SITE, latest.messages)

    def streams(self) -> Sequence[StreamSpec]:
        """One for each word."""
        return [StreamSpec(name, every=300) for name in stream_names(self.settings.watch)]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """What was found, newest first until known. Each stream looks for its own word."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        word = word_of(stream)

        def page(older: str | None) -> Page[Any]:
            # Further pages begin below the last moment, because only the first thousand hits can be paged through.
            before = int(older) if older else None
            hits = listed(mapping(api.get("/api/v1/search_by_date", _query(word, before, since))).get("hits"))
            found = [(name_of(h, "objectID"), unix_moment(mapping(h).get("created_at_i")), h) for h in hits]
            last = [at for hit in hits if isinstance(at := mapping(hit).get("created_at_i"), int)]
            return Page(found, str(min(last)) if last and len(hits) == PAGE else None)

        def read(hit: Any) -> Sequence[IncomingMessage]:
            message = message_of(hit)
            return () if since and message.posted_at and message.posted_at < since else (message,)

        with self._search() as api:
            for fresh, state in catch_up(page, known, since):
                harvest = read_each(fresh, read)
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def refetch(self, known: Sequence[Known]) -> Batch:
        """As the site itself has them; the search keeps what was deleted there."""
        messages, gone = [], []
        with JsonApi(self.surroundings, ITEMS) as api:
            for each in known:
                if not each.external_id.isdecimal():
                    continue
                item = api.get(f"/v0/item/{each.external_id}.json")
                if item is None or mapping(item).get("deleted") or mapping(item).get("dead"):
                    gone.append(Deletion(each.external_id))
                else:
                    messages.append(_as_it_is(mapping(item), each))
        return Batch(messages, gone)

    def reread(self, raw: str) -> Batch:
        """A hit of the quarantine, read anew."""
        return read_again(raw, lambda hit: [message_of(hit)])

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The comment or story that each answers."""
        return self.refetch(parents_of(orphans))

    def _search(self) -> JsonApi:
        return JsonApi(self.surroundings, SEARCH)


def message_of(hit: Mapping[str, Any]) -> IncomingMessage:
    """A hit of the search as a message; its conversation is its story. Raises ValueError when it cannot be read."""
    name, story = text_of(hit.get("objectID")), text_of(hit.get("story_id"))
    title = words(hit.get("story_title")) or words(hit.get("title"))
    markup = words(hit.get("comment_text")) or words(hit.get("story_text"))
    text = plain_from_html(markup) or title
    if not name or not text:
        raise ValueError(N_("it has no id or says nothing"))
    return IncomingMessage(
        external_id=name,
        thread_id=story or name,
        parent_id=text_of(hit.get("parent_id")),
        text=text,
        html=markup or None,
        subject=one_line(title, 500),
        posted_at=unix_moment(hit.get("created_at_i")),
        author=_author(words(hit.get("author"))),
        url=f"{SITE}/item?id={name}",
        # Where a story is a link, the page it leads to is what people talk about.
        quote=web_address(words(hit.get("url"))),
        raw=hit,
        metrics=counted({Metric.POINTS: hit.get("points"), Metric.REPLIES: hit.get("num_comments")}),
    )


def _as_it_is(item: Mapping[str, Any], known: Known) -> IncomingMessage:
    title, markup = words(item.get("title")), words(item.get("text"))
    return IncomingMessage(
        external_id=known.external_id,
        thread_id=known.thread_id,
        text=plain_from_html(markup) or title,
        html=markup or None,
        subject=one_line(title, 500),
        posted_at=unix_moment(item.get("time")),
        author=_author(words(item.get("by"))),
        url=f"{SITE}/item?id={known.external_id}",
        raw=item,
        metrics=counted({Metric.POINTS: item.get("score"), Metric.REPLIES: item.get("descendants")}),
    )


def _author(name: str) -> Author | None:
    return Author(name, name, profile_url=f"{SITE}/user?id={name}") if name else None


def _query(word: str, before: int | None, since: datetime | None) -> dict[str, Any]:
    """The search's own words: exactly this phrase, in stories and comments, newest first."""
    limits = [f"created_at_i<={before}"] if before else []
    limits += [f"created_at_i>={int(since.timestamp())}"] if since else []
    return {
        "query": '"' + word.replace('"', " ") + '"',
        "tags": "(story,comment)",
        "hitsPerPage": PAGE,
        "advancedSyntax": True,
        "typoTolerance": False,
        **({"numericFilters": ",".join(limits)} if limits else {}),
    }
