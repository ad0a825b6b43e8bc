"""The App Store's public feed of reviews."""

from datetime import datetime
from typing import Any, ClassVar

import httpx

from tests.contract.stage import Stage, recording

FIRST = "/de/rss/customerreviews/page=1/id=123456789/sortby=mostrecent/json"


class AppStoreFeedStage(Stage):
    kind = "app_store_feed"
    stream = "reviews:de"
    settings: ClassVar[dict[str, Any]] = {
        "app": "https://apps.apple.com/de/app/kalender/id123456789",
        "countries": "de, us",
    }
    host = "itunes.apple.com"
    poll_path = FIRST
    no_markup = "reviews are plain text"
    no_official = "Apple describes the feed nowhere"
    pages_are_counted = True

    def recorded(self) -> list[Any]:
        return list(recording("app_store_feed/reviews.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/lookup":
            return httpx.Response(200, json=recording("app_store_feed/lookup.json"))
        number = int(request.url.path.partition("page=")[2].partition("/")[0])
        pages = self.pages or [self.items]
        shown = pages[number - 1] if number <= len(pages) else []
        feed = recording("app_store_feed/feed.json")["feed"]
        # One entry comes without its list, none without the field.
        entry = {"entry": shown[0] if len(shown) == 1 else shown} if shown else {}
        return httpx.Response(200, json={"feed": {**{k: v for k, v in feed.items() if k != "entry"}, **entry}})

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": {"label": name}}

    def worded(self, item: Any, text: str) -> Any:
        changed = {"label": "2026-11-20T09:00:00-07:00"}
        return {**item, "content": {**item["content"], "label": text}, "updated": changed}

    def moment(self, at: datetime) -> Any:
        return at.isoformat(timespec="seconds")

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "updated": {"label": value}}

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "author"}

    def broken(self, item: Any) -> Any:
        return {**item, "id": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"]["label"])
