"""A feed, as it was recorded."""

import html
import re
from datetime import datetime
from typing import Any, ClassVar

import httpx

from tests.contract.stage import Stage, recording


class RssStage(Stage):
    kind = "rss"
    stream = "entries"
    settings: ClassVar[dict[str, Any]] = {"url": "https://forum.example/feed", "user": "ana", "password": "hunter2"}
    host = "forum.example"
    poll_path = "/feed"
    no_pages = "a feed is one page"
    no_authors = "feeds mostly do not say who wrote"
    no_official = "feeds are prose: RFC 4287, RSS 2.0"
    markup = ("&lt;p&gt;Danke &amp;amp; Grüße&lt;br&gt;Ana&lt;/p&gt;", "Danke & Grüße\nAna")

    def recorded(self) -> list[Any]:
        return list(recording("rss/items.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        content = recording("rss/feed.xml").replace("<!--ITEMS-->", "\n".join(self.items))
        return httpx.Response(200, text=content, headers={"Content-Type": "application/rss+xml"})

    def named(self, item: Any, name: str) -> Any:
        return f"<item><title>More</title><guid>{name}</guid><pubDate>Fri, 20 Nov 2026 13:00:00 GMT</pubDate></item>"

    def worded(self, item: Any, text: str) -> Any:
        item = re.sub("<content:encoded>.*</content:encoded>", "", item)
        before, _, rest = item.partition("<description>")
        return before + f"<description>{text}</description>" + rest.partition("</description>")[2]

    def moment(self, at: datetime) -> Any:
        return at.strftime("%a, %d %b %Y %H:%M:%S GMT")

    def dated(self, item: Any, value: Any) -> Any:
        before, _, rest = item.partition("<pubDate>")
        return before + f"<pubDate>{value}</pubDate>" + rest.partition("</pubDate>")[2]

    def broken(self, item: Any) -> Any:
        return "<item><guid>nothing</guid></item>"

    def name_of(self, item: Any) -> str:
        found = re.search(r"<guid[^>]*>([^<]*)</guid>", item) or re.search("<link>([^<]*)</link>", item)
        assert found, "it has a guid or a link"
        return html.unescape(found[1])
