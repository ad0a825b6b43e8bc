"""An account's replies, as the Threads API shows them."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.meta_dialect import MetaStage
from tests.contract.official_listed import Postman
from tests.contract.stage import recording

ROOT, LAST = "18000000000000100", "18000000000000901"


class ThreadsStage(MetaStage):
    kind = "threads"
    stream = "replies"
    settings: ClassVar[dict[str, Any]] = {"access_token": "THtoken1", "watch": "garten app"}
    host = "graph.threads.net"
    poll_path = f"/v1.0/{ROOT}/conversation"
    send_path = "/v1.0/me/threads_publish"
    too_long = "x" * 501
    no_markup = "posts are plain text"
    no_metrics = "only one's own posts are counted, and by a question of their own"
    official = (Postman("threads/threads-api.postman_collection.json", at="https://graph.threads.net"),)

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.memory.save({"username": "garten.app"})
        self.made: dict[str, Any] = {}
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("threads/replies.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path in {self.poll_path, "/v1.0/me/threads"}

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix("/v1.0"), request.url.params
        if request.method == "POST":
            return self._changed(path, dict(httpx.QueryParams(request.content.decode())))
        lists = {"/me/threads": "posts", "/me/mentions": "mentions", "/keyword_search": "mentions"}
        if path in lists:
            return self.paged([recording(f"threads/{lists[path]}.json")], None)
        if path == f"/{ROOT}/conversation":
            return self.paged(self.pages or [self.items], query.get("after"))
        if path == "/me/replies":
            return self.paged([self.answers], None)
        if path == "/me":
            return httpx.Response(200, json=recording("threads/me.json"))
        if path == "/refresh_access_token":
            fresh = {"access_token": "THtoken2", "token_type": "bearer", "expires_in": 5_184_000}
            return httpx.Response(200, json=fresh)
        if path.endswith("/insights"):
            return httpx.Response(200, json=self._insights(query["metric"].split(",")))
        rows = [row for page in self.pages or [self.items] for row in page if isinstance(row, dict)]
        found = [row for row in [*rows, *recording("threads/posts.json")] if row.get("id") == path.removeprefix("/")]
        return httpx.Response(200, json=found[0]) if found else self.said(400, 100, 33)

    def _insights(self, metrics: list[str]) -> Any:
        told = {"period": "lifetime", "title": "", "description": ""}
        rows = [{**told, "name": name, "values": [{"value": 40 + place}]} for place, name in enumerate(metrics)]
        return {"data": rows}

    def _changed(self, path: str, form: dict[str, str]) -> httpx.Response:
        if path == "/me/threads":
            self.made = form
            return httpx.Response(200, json={"id": "18000000000007777"})
        if path == "/me/threads_publish":
            said = {"id": "18000000000009999", "text": self.made["text"], "username": "garten.app"}
            above = {"replied_to": {"id": self.made["reply_to_id"]}, "root_post": {"id": ROOT}, "is_reply": True}
            self.answers.insert(0, {**said, **above, "timestamp": "2026-11-21T08:00:05+0000"})
            return httpx.Response(200, json={"id": "18000000000009999"})
        return httpx.Response(200, json={"success": True})

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "text": text}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "timestamp": value}

    def moment(self, at: datetime) -> Any:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "username"}

    def broken(self, item: Any) -> Any:
        return {**item, "text": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])
