"""An account's mentions, as X shows them to it."""

import json
import time
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors.x_api import SIGN_IN
from tests.contract.stage import Stage, recording

US = "1700000000000000100"
OURS = f"/2/users/{US}/tweets"


class XStage(Stage):
    kind = "x"
    stream = "mentions"
    settings: ClassVar[dict[str, Any]] = {
        "client_id": "aGVsbG8td29ybGQ6MTpjaQ",
        "client_secret": "s3cr3t-of-the-app",
        "budget": 20,
    }
    host = "api.x.com"
    poll_path = f"/2/users/{US}/mentions"
    send_path = "/2/tweets"
    too_long = "漢" * 141
    lengths: ClassVar[dict[str, int]] = {
        "siehe brand.com/plan!": 29,
        "https://example.com https://example.org/é": 47,
        "👩‍❤️‍👩": 2,
        "1️⃣": 2,
        "☀️ ☀": 5,
        "„Ja“ – nein…": 13,
    }
    markup = ("@brand_team Danke &amp; Grüße\nAna &lt;3", "@brand_team Danke & Grüße\nAna <3")
    no_official = "X's licence does not let its contract lie beside ours"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        tokens = {"access_token": "token-1", "refresh_token": "refresh-1", "scopes": list(SIGN_IN.scopes)}
        self.memory.save({"tokens": tokens, "us": {"id": US, "username": "brand_team"}})
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("x/mentions.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method != "GET":
            return self._changed(path, request)
        if path == "/2/users/me":
            return httpx.Response(200, json=recording("x/me.json"))
        if path == self.poll_path:
            return self._mentions(query)
        if path == OURS:
            return posts(self.answers)
        wanted = query["ids"].split(",")
        every = [item for page in self.pages or [self.items] for item in page if isinstance(item, dict)]
        found = [item for item in every if item["id"] in wanted]
        missing = [
            {"resource_id": name, "title": "Not Found Error"} for name in wanted if name not in {p["id"] for p in found}
        ]
        return posts(found, errors=missing)

    def _mentions(self, query: httpx.QueryParams) -> httpx.Response:
        assert 5 <= int(query["max_results"]) <= 100
        pages, number = self.pages or [self.items], int(query.get("pagination_token") or 0)
        least = int(query.get("since_id") or 0)
        found = [item for item in pages[number] if _number(item) > least or not _number(item)]
        is_last = number + 1 >= len(pages) or not found
        return posts(found, None if is_last else str(number + 1))

    def _changed(self, path: str, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        if path != self.send_path:
            return httpx.Response(
                200, json={"data": {"hidden": body.get("hidden"), "muting": request.method == "POST"}}
            )
        number = "1991800000000000001"
        sent = {"id": number, "edit_history_tweet_ids": [number], "text": body["text"]}
        above = [{"type": "replied_to", "id": body["reply"]["in_reply_to_tweet_id"]}]
        more = {"author_id": US, "created_at": "2026-11-21T08:00:05.000Z", "conversation_id": above[0]["id"]}
        self.answers.append({**sent, **more, "referenced_tweets": above})
        return httpx.Response(201, json={"data": sent})

    def named(self, item: Any, name: str) -> Any:
        number = str(1_991_600_000_000_000_000 + int(name, 36) % 1_000_000_000_000)
        return {**item, "id": number, "edit_history_tweet_ids": [number], "conversation_id": number}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "text": text}

    def edit(self, index: int, text: str) -> None:
        """An edit is a post of its own that names the first."""
        item = self.items[index]
        number = "1991700000000000001"
        self.items.insert(0, {**item, "id": number, "edit_history_tweet_ids": [item["id"], number], "text": text})

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author_id": None}

    def broken(self, item: Any) -> Any:
        return {**item, "text": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])

    def patience(self, seconds: int) -> httpx.Response:
        headers = {
            "x-rate-limit-limit": "300",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(time.time()) + seconds),
        }
        return httpx.Response(429, headers=headers, json=problem("Too Many Requests", 429))

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json=problem("Unauthorized", 401))

    def refusal(self) -> httpx.Response:
        words = "You are not allowed to create a Tweet with duplicate content."
        return httpx.Response(403, json={**problem("Forbidden", 403), "detail": words})


def problem(title: str, status: int) -> dict[str, Any]:
    """An error as X writes it."""
    return {"title": title, "detail": title, "type": "about:blank", "status": status}


def posts(found: list[Any], further: str | None = None, **more: Any) -> httpx.Response:
    """A page of posts with their authors; X leaves out what is empty."""
    told = {name: value for name, value in more.items() if value}
    meta = {"result_count": len(found), **({"next_token": further} if further else {})}
    shown = {"data": found, "includes": {"users": recording("x/users.json")}} if found else {}
    return httpx.Response(200, json={**shown, **told, "meta": meta})


def _number(item: Any) -> int:
    name = item.get("id") if isinstance(item, dict) else None
    return int(name) if isinstance(name, str) and name.isdecimal() else 0
