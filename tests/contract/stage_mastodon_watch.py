"""A hashtag on Mastodon, and a word that its search finds, as one of its servers was recorded."""

from typing import Any, ClassVar

import httpx

from tests.contract.stage import recording
from tests.contract.stage_mastodon import MastodonStage

TAG = "/api/v1/timelines/tag/stundenplan"


class MastodonWatchStage(MastodonStage):
    name = "mastodon_watch"
    stream = "watch:#stundenplan"
    settings: ClassVar[dict[str, Any]] = {**MastodonStage.settings, "watch": "#stundenplan, garten app"}
    poll_path = TAG

    def recorded(self) -> list[Any]:
        return [item["status"] for item in super().recorded()]

    def route(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/search":
            return httpx.Response(200, json={"accounts": [], "hashtags": [], "statuses": self.items})
        if request.url.path == "/api/v1/notifications":
            return httpx.Response(200, json=super().recorded())
        return super().route(request)

    def _statuses(self) -> list[Any]:
        items = [item for page in self.pages or [self.items] for item in page]
        found = [item for item in items if isinstance(item, dict) and "content" in item]
        return [*found, recording("mastodon/status_root.json")]

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name}

    def worded(self, item: Any, text: str) -> Any:
        content = text if text.startswith("<p>") else f"<p>{text}</p>"
        return {**item, "content": content, "edited_at": "2026-11-20T15:00:00Z"}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "account": None}

    def broken(self, item: Any) -> Any:
        return {**item, "id": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])
