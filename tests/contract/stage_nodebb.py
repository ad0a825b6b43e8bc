"""One account that moderates a NodeBB forum, and what answers its topic."""

import html
import json
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording

SERVER = "https://forum.garten.example"
RECENT, WRITE = "/api/recent/posts", "/api/v3"


class ReadApi(OpenApi):
    """NodeBB describes what is below /api/v3 apart."""

    def covers(self, folder: Path, request: httpx.Request) -> bool:
        return super().covers(folder, request) and not request.url.path.startswith(WRITE)


class NodeBBStage(Stage):
    kind = "nodebb"
    stream = "posts"
    settings: ClassVar[dict[str, Any]] = {"server": SERVER, "token": "3f7c0a6e-geheim-1"}
    host = "forum.garten.example"
    poll_path = RECENT
    send_path = f"{WRITE}/topics/12"
    too_long = "x" * 32_768
    lengths: ClassVar[dict[str, int]] = {"*wichtig*": len(r"\*wichtig\*")}
    markup = (
        '<p dir="auto">Danke &amp; bis <em>bald</em>,<br />\nsiehe <a href="https://example.com/hilfe">hier</a></p>\n',
        "Danke & bis bald,\nsiehe hier",
    )
    official = (
        ReadApi(
            "nodebb/public/openapi/read.yaml",
            at=SERVER,
            beyond={RECENT: "The contract says in words that all posts come without a term, and lists the term alone."},
        ),
        OpenApi("nodebb/public/openapi/write.yaml", at=f"{SERVER}{WRITE}"),
    )
    pages_are_counted = True

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("nodebb/posts.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/self":
            return httpx.Response(200, json=recording("nodebb/self.json"))
        if path == RECENT:
            pages, number = self.pages or [self.items], int(request.url.params["page"])
            return httpx.Response(200, json=pages[number - 1] if number <= len(pages) else [])
        if path == self.send_path:
            return self._sent(json.loads(request.content))
        if request.method != "GET":
            return _response({})
        name, _, what = path.removeprefix(f"{WRITE}/posts/").rpartition("/")
        if what == "replies":
            # In this list alone NodeBB writes these two otherwise.
            other = {"deleted": 0, "replies": {"hasMore": False, "users": [], "text": "", "count": 0}}
            return _response({"replies": [{**each, **other} for each in self.answers if str(each["toPid"]) == name]})
        found = [each for each in self._everything() if isinstance(each, dict) and str(each.get("pid")) == name]
        return _response(found[0]) if found else _refused(404, "not-found", "Post does not exist")

    def _sent(self, body: Any) -> httpx.Response:
        self.answers = [
            {
                **recording("nodebb/sent.json"),
                "content": f"<p>{html.escape(body['content'])}</p>",
                "toPid": body["toPid"],
            }
        ]
        return _response(self.answers[0])

    def _everything(self) -> list[Any]:
        listed = [item for page in self.pages or [self.items] for item in page]
        return [*self.answers, *listed, recording("nodebb/main.json")]

    def named(self, item: Any, name: str) -> Any:
        return {**item, "pid": 100_000 + int(name, 36) % 1_000_000_000}

    def worded(self, item: Any, text: str) -> Any:
        return self.marked(item, f"<p>{html.escape(text, quote=False)}</p>")

    def marked(self, item: Any, source: str) -> Any:
        return {**item, "content": source}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "timestamp": value}

    def moment(self, at: datetime) -> Any:
        return int(at.timestamp() * 1000)

    def anonymous(self, item: Any) -> Any:
        return {**item, "uid": 0, "user": {"uid": 0, "username": "[[global:guest]]", "userslug": ""}}

    def broken(self, item: Any) -> Any:
        return {**item, "tid": None}

    def name_of(self, item: Any) -> str:
        return str(item["pid"])

    def unauthorised(self) -> httpx.Response:
        return _refused(401, "not-authorised", "A valid login session was not found.")

    def refusal(self) -> httpx.Response:
        return _refused(400, "bad-request", "This topic has been locked.")


def _response(response: Any) -> httpx.Response:
    return httpx.Response(200, json={"status": {"code": "ok", "message": "OK"}, "response": response})


def _refused(status: int, code: str, told: str) -> httpx.Response:
    return httpx.Response(status, json={"status": {"code": code, "message": told}, "response": {}})
