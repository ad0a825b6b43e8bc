"""RSS and Atom: entries of any feed as messages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

import httpx
from pydantic import Field, SecretStr, field_validator

from inbox.connectors.contract import N_, Account, Group, Guide, Setup, StreamSpec
from inbox.connectors.feed_reader import FeedReader, message_of

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class RssSetup(Setup):
    """The address of a feed."""

    url: str = Field(title=N_("Address of the feed"), max_length=2_000)
    user: str = Field("", title=N_("User name"), description=N_("Only for feeds that ask for one."), max_length=200)
    password: SecretStr = Field(SecretStr(""), title=N_("Password"))

    @field_validator("url")
    @classmethod
    def web_address(cls, value: str) -> str:
        try:
            url = httpx.URL(value if "://" in value else f"https://{value}")
        except httpx.InvalidURL:
            raise ValueError(N_("is not a web address")) from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError(N_("is not a web address"))
        return str(url)


class Rss(FeedReader):
    """One feed."""

    kind: ClassVar[str] = "rss"
    label: ClassVar[str] = "RSS/Atom"
    about: ClassVar[str] = N_("New entries of a feed: a blog, a forum, reviews. There is no way to answer.")
    group: ClassVar[Group] = Group.MAIL
    setup: ClassVar[type[Setup]] = RssSetup
    guide: ClassVar[Guide] = Guide(
        (
            N_("Look for the feed's address on the page: often a link named RSS or Feed."),
            N_("For a blog's comments with WordPress: add /comments/feed/ to the blog's address."),
            N_("For a Discourse forum: add /posts.rss to its address."),
        ),
        gate=N_("None. A feed holds only its last entries, so what comes faster than they are read is lost."),
    )

    def check(self) -> Account:
        """Read the feed; its title names the connection."""
        _headers, feed = self.read("entries", {})
        assert feed is not None
        # Most feeds begin with the newest entry, some end with it.
        newest = sorted(feed.entries, key=lambda entry: entry.posted_at or LONG_AGO, reverse=True)
        latest = [message_of(entry, feed) for entry in newest[:3]]
        return Account(feed.title or httpx.URL(self.settings.url).host, self.settings.url, feed.url, latest)

    def streams(self) -> Sequence[StreamSpec]:
        """The entries, every quarter of an hour."""
        return (StreamSpec("entries", every=900),)

    def address(self, stream: str) -> str:
        """As it was typed."""
        return str(self.settings.url)

    def credentials(self) -> tuple[str, str]:
        """As they were typed."""
        return self.settings.user, self.settings.password.get_secret_value()
