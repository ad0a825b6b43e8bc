"""Reddit without a key: new posts and comments of subreddits, and mentions of words, by its public feeds; read only."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, model_validator

from inbox.connectors.contract import N_, Account, Group, Guide, IncomingMessage, Rate, Retention, Setup, StreamSpec
from inbox.connectors.declared import Capabilities
from inbox.connectors.feed_reader import FeedReader, message_of
from inbox.connectors.rss_parse import Entry, Feed
from inbox.connectors.subreddits import Subreddits
from inbox.connectors.watch_words import WordList, stream_names, watch_words, word_of
from inbox.text import plain_from_html

SITE = "https://www.reddit.com"
READ_ONLY = N_("Feeds can only be read; answering needs an app that Reddit has approved (channel kind Reddit).")
# Reddit marks what people wrote; behind it stands who submitted it, and links.
_WORDS = re.compile(r"<!-- SC_OFF -->(.*)<!-- SC_ON -->", re.DOTALL)
_PLACE = re.compile(r"/comments/([a-z0-9]{1,13})(?:/|$)")


class RedditFeedSetup(Setup):
    """Where to listen, and what for."""

    subreddits: Subreddits = Field(
        "",
        title=N_("Subreddits"),
        description=N_("For example selfhosted; separate several with commas."),
        max_length=500,
    )
    watch: WordList = Field(
        "",
        title=N_("Words"),
        description=N_("Looked for in all of Reddit; separate several with commas."),
        max_length=2_000,
    )

    @model_validator(mode="after")
    def something(self) -> Self:
        if not self.subreddits and not self.watch:
            raise ValueError(N_("Name a subreddit or a word."))
        return self


class RedditFeed(FeedReader):
    """Some subreddits and words."""

    kind: ClassVar[str] = "reddit_feed"
    label: ClassVar[str] = N_("Reddit (feeds)")
    about: ClassVar[str] = N_("Posts and comments of communities, read without a key. There is no way to answer.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = RedditFeedSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        tells_edits=True,
        watches=True,
        allows_training=False,
        because={
            "replies": READ_ONLY,
            "acts": READ_ONLY,
            "allows_training": N_("Reddit's terms forbid training on what people write there."),
            "tells_deletes": N_("A feed does not tell what was deleted."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (N_("Nothing is needed: name the subreddits to listen to, or words to look for in all of Reddit."),),
        gate=N_("None. A feed holds the last 25 entries, so in busy places some are missed."),
        page="https://www.reddit.com/wiki/rss/",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(10, 60),)
    retention: ClassVar[Retention] = Retention(
        because=N_("Reddit wants deleted content removed; its feeds do not tell, so it must be removed by hand.")
    )

    def check(self) -> Account:
        """Read the first feed."""
        first = self.streams()[0].name
        _headers, feed = self.read(first, {})
        latest = [self.message(entry, feed) for entry in feed.entries[:3]] if feed else []
        return Account(f"Reddit: {self.settings.subreddits or self.settings.watch}"[:200], "", SITE, latest)

    def streams(self) -> Sequence[StreamSpec]:
        """For each subreddit its posts and its comments; one for each word."""
        names = [f"{part}:{name}" for name in watch_words(self.settings.subreddits) for part in ("posts", "comments")]
        return [StreamSpec(name, every=600) for name in (*names, *stream_names(self.settings.watch))]

    def message(self, entry: Entry, feed: Feed) -> IncomingMessage:
        """Without the line below each post; comments belong to their post's conversation, as their address tells."""
        message = message_of(entry, feed)
        words = _WORDS.search(entry.html or "")
        text = plain_from_html(words[1]) if words else ""
        post, comment = _PLACE.search(urlsplit(entry.url).path), entry.external_id.startswith("t1_")
        name = entry.author.removeprefix("/u/")
        return replace(
            message,
            text=text or (message.text if comment else entry.title),
            thread_id=f"t3_{post[1]}" if post else message.thread_id,
            subject=entry.title.removeprefix(f"{entry.author} on ") if comment else entry.title,
            author=replace(message.author, external_id=name, handle=name, name=name)
            if message.author and name
            else None,
        )

    def address(self, stream: str) -> str:
        """Reddit's own feeds."""
        if word := word_of(stream):
            return f"{SITE}/search.rss?sort=new&limit=100&q={quote(_phrase(word))}"
        part, _, name = stream.partition(":")
        return (
            f"{SITE}/r/{name}/comments/.rss?limit=100" if part == "comments" else f"{SITE}/r/{name}/new/.rss?limit=100"
        )


def _phrase(word: str) -> str:
    return f'"{word}"'
