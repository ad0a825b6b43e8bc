"""A channel's comments, as YouTube's Data API shows them to who owns it."""

import copy
import json
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.official_discovery import Discovery
from tests.contract.stage import Stage, recording

OURS = "UCgarten0brand0channel0aa"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"


class YouTubeStage(Stage):
    kind = "youtube"
    stream = "comments"
    settings: ClassVar[dict[str, Any]] = {
        "client_id": "12-ab.apps.googleusercontent.com",
        "client_secret": "GOCSPX-abcdef",
        "watch": "garten app",
    }
    host = "youtube.googleapis.com"
    poll_path = "/youtube/v3/commentThreads"
    send_path = "/youtube/v3/comments"
    too_long = "x" * 10_001
    no_markup = "comments are asked for as plain text"
    tells_when = False
    official = (Discovery("youtube/youtube.v3.json"),)

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.memory.save({"tokens": {"access_token": "token-1", "refresh_token": "refresh-1", "scopes": [SCOPE]}})
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("youtube/threads.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix("/youtube/v3"), request.url.params
        if request.method == "POST":
            return self._changed(path, request)
        if path == "/commentThreads":
            return httpx.Response(200, json=self._threads(query))
        if path == "/comments":
            wanted = query.get("id", "").split(",")
            found = [
                each
                for each in self._comments()
                if each["id"] in wanted or each["snippet"].get("parentId") == query.get("parentId", "-")
            ]
            return httpx.Response(200, json={"kind": "youtube#commentListResponse", "items": found})
        if path == "/videos":
            found = [each for each in recording("youtube/videos.json") if each["id"] in query["id"].split(",")]
            return httpx.Response(200, json={"kind": "youtube#videoListResponse", "items": found})
        return httpx.Response(
            200, json=recording({"/channels": "youtube/channel.json", "/search": "youtube/search.json"}[path])
        )

    def _changed(self, path: str, request: httpx.Request) -> httpx.Response:
        if path == "/comments/setModerationStatus":
            return httpx.Response(204)
        body = json.loads(request.content)["snippet"]
        sent = copy.deepcopy(recording("youtube/sent.json"))
        sent["snippet"] |= {"textDisplay": body["textOriginal"], "textOriginal": body["textOriginal"]}
        sent["snippet"]["parentId"] = body["parentId"]
        self.answers.append(sent)
        return httpx.Response(200, json=sent)

    def _threads(self, query: httpx.QueryParams) -> Any:
        if query.get("moderationStatus") in {"heldForReview", "likelySpam"}:
            return {"kind": "youtube#commentThreadListResponse", "items": []}
        pages, number = self.pages or [self.items], int(query.get("pageToken") or 0)
        further = {"nextPageToken": str(number + 1)} if number + 1 < len(pages) else {}
        return {"kind": "youtube#commentThreadListResponse", "items": pages[number], **further}

    def _comments(self) -> list[Any]:
        found = list(self.answers)
        for thread in (item for page in self.pages or [self.items] for item in page):
            try:
                found += [thread["snippet"]["topLevelComment"], *thread.get("replies", {}).get("comments", [])]
            except (TypeError, KeyError):
                continue
        return found

    def _with(self, item: Any, **change: Any) -> Any:
        item = copy.deepcopy(item)
        item["snippet"]["topLevelComment"]["snippet"] |= change
        return item

    def named(self, item: Any, name: str) -> Any:
        item = copy.deepcopy(item)
        item["id"] = item["snippet"]["topLevelComment"]["id"] = name
        return item

    def worded(self, item: Any, text: str) -> Any:
        return self._with(item, textDisplay=text, updatedAt="2026-11-20T15:00:00Z")

    def dated(self, item: Any, value: Any) -> Any:
        return self._with(item, publishedAt=value, updatedAt=value)

    def anonymous(self, item: Any) -> Any:
        item = self._with(item, authorDisplayName="", authorChannelUrl="")
        del item["snippet"]["topLevelComment"]["snippet"]["authorChannelId"]
        return item

    def broken(self, item: Any) -> Any:
        return self._with(item, textDisplay=None)

    def name_of(self, item: Any) -> str:
        return str(item["id"])

    def patience(self, seconds: int) -> httpx.Response:
        return said(403, "rateLimitExceeded")

    def unauthorised(self) -> httpx.Response:
        return said(401, "authError")

    def refusal(self) -> httpx.Response:
        return said(403, "commentsDisabled")


def said(status: int, reason: str) -> httpx.Response:
    """An error as Google writes it."""
    errors = [{"message": "No.", "domain": "youtube.comment", "reason": reason}]
    return httpx.Response(status, json={"error": {"code": status, "message": "No.", "errors": errors}})
