"""A word that is looked for on Bluesky, as its search was recorded."""

from typing import Any, ClassVar

import httpx

from tests.contract.stage_bluesky import BlueskyStage

PLACE = ("reason", "reasonSubject", "isRead")


class BlueskyWatchStage(BlueskyStage):
    name = "bluesky_watch"
    stream = "watch:stundenplan"
    settings: ClassVar[dict[str, Any]] = {**BlueskyStage.settings, "watch": "stundenplan, garten app"}
    poll_path = "/xrpc/app.bsky.feed.searchPosts"
    pages_are_counted = True

    def recorded(self) -> list[Any]:
        return [{name: value for name, value in item.items() if name not in PLACE} for item in super().recorded()]

    def route(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("listNotifications"):
            return httpx.Response(200, json={"notifications": super().recorded()})
        if request.url.path != self.poll_path:
            return super().route(request)
        pages, number = self.pages or [self.items], int(request.url.params.get("cursor") or 0)
        more = {"cursor": str(number + 1)} if number + 1 < len(pages) else {}
        return httpx.Response(200, json={"posts": pages[number] if number < len(pages) else [], **more})
