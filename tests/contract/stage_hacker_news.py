"""Hacker News: its search, and the site's own words for each item."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors import hacker_news
from tests.contract.stage import Stage, recording


class HackerNewsStage(Stage):
    kind = "hacker_news"
    stream = "watch:kalender"
    settings: ClassVar[dict[str, Any]] = {"watch": "kalender, brand.example"}
    host = "hn.algolia.com"
    poll_path = "/api/v1/search_by_date"
    markup = ("It&#x27;s <i>nice</i> &amp; small<p>Thanks", "It's nice & small\n\nThanks")
    no_official = "its contract is prose"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.monkeypatch = monkeypatch

    def recorded(self) -> list[Any]:
        return list(recording("hacker_news/hits.json"))

    def is_ours(self, request: httpx.Request) -> bool:
        return request.url.host in {self.host, "hacker-news.firebaseio.com"}

    def route(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == self.host:
            return httpx.Response(200, json={"hits": self._hits(request.url.params), "nbPages": 1})
        name = request.url.path.removeprefix("/v0/item/").removesuffix(".json")
        found = [hit for hit in self.items if isinstance(hit, dict) and hit.get("objectID") == name]
        return httpx.Response(200, json=as_item(found[0])) if found else httpx.Response(200, content=b"null")

    def _hits(self, query: httpx.QueryParams) -> list[Any]:
        """The newest first, up to the moment asked for."""
        if self.pages:
            # Pages of two, where the suite asks for several.
            self.monkeypatch.setattr(hacker_news, "PAGE", 2)
        everything = [item for page in self.pages or [self.items] for item in page]
        limits = dict(part.split("=") for part in query.get("numericFilters", "").split(",") if part)
        before = limits.get("created_at_i<")
        if before:
            everything = [hit for hit in everything if isinstance(hit, dict) and hit["created_at_i"] <= int(before)]
        once = [hit for index, hit in enumerate(everything) if hit not in everything[:index]]
        return once[: 2 if self.pages else int(query["hitsPerPage"])]

    def named(self, item: Any, name: str) -> Any:
        number = int(name, 36) % 1_000
        return {**item, "objectID": str(49_000_000 + number), "created_at_i": 1_795_176_001 + number}

    def worded(self, item: Any, text: str) -> Any:
        field = "comment_text" if "comment_text" in item else "story_text"
        return {**item, field: text}

    def moment(self, at: datetime) -> Any:
        return int(at.astimezone(UTC).timestamp())

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at_i": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author": None}

    def broken(self, item: Any) -> Any:
        return {**item, "comment_text": None, "story_text": None, "story_title": None, "title": None}

    def name_of(self, item: Any) -> str:
        return str(item["objectID"])


def as_item(hit: dict[str, Any]) -> dict[str, Any]:
    """What the site itself says of a hit."""
    text = hit.get("comment_text") or hit.get("story_text")
    item = {"id": int(hit["objectID"]), "by": hit["author"], "time": hit["created_at_i"], "type": hit["_tags"][0]}
    counts = {"score": hit.get("points"), "descendants": hit.get("num_comments")}
    item |= {name: number for name, number in counts.items() if number is not None}
    return {**item, **({"text": text} if text else {}), **({"title": hit["title"]} if "title" in hit else {})}
