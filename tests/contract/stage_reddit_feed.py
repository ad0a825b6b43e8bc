"""Reddit's public feeds, as they were recorded in form."""

import html
import re
from typing import Any, ClassVar

import httpx

from tests.contract.stage import Stage, recording


class RedditFeedStage(Stage):
    kind = "reddit_feed"
    stream = "posts:kalender"
    settings: ClassVar[dict[str, Any]] = {"subreddits": "kalender", "watch": "brand.example"}
    host = "www.reddit.com"
    poll_path = "/r/kalender/new/.rss"
    no_pages = "a feed is one page"
    no_official = "feeds are prose: RFC 4287"
    markup = ("<p>Danke &amp; Grüße<br/>Ana</p>", "Danke & Grüße\nAna")

    def recorded(self) -> list[Any]:
        return list(recording("reddit_feed/entries.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        content = recording("reddit_feed/feed.xml").replace("<!--ENTRIES-->", "\n".join(self.items))
        return httpx.Response(200, text=content, headers={"Content-Type": "application/atom+xml; charset=UTF-8"})

    def named(self, item: Any, name: str) -> Any:
        return re.sub("<id>.*</id>", f"<id>t3_{name}</id>", item)

    def worded(self, item: Any, text: str) -> Any:
        words = text if text.startswith("<p>") else f"<p>{html.escape(text)}</p>"
        words = "".join(c for c in words if c in "\n\t" or c.isprintable())
        body = f'<!-- SC_OFF --><div class="md">{words}</div><!-- SC_ON --> submitted by /u/somebody'
        content = f'<content type="html">{html.escape(body)}</content>'
        return re.sub("<content.*</content>", lambda _found: content, item)

    def dated(self, item: Any, value: Any) -> Any:
        return re.sub("<(updated|published)>[^<]*<", rf"<\1>{value}<", item)

    def anonymous(self, item: Any) -> Any:
        return re.sub("<author>.*</author>", "<author><name></name></author>", item)

    def broken(self, item: Any) -> Any:
        return "<entry><id>t3_nothing</id></entry>"

    def name_of(self, item: Any) -> str:
        return str(item.partition("<id>")[2].partition("</id>")[0])
