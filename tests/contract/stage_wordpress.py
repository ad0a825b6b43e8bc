"""One WordPress site whose comments an editor moderates."""

import html
import json
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.stage import Stage, recording

COMMENTS = "/wp-json/wp/v2/comments"


class WordPressStage(Stage):
    kind = "wordpress"
    stream = "approved"
    settings: ClassVar[dict[str, Any]] = {
        "site": "https://blog.brand.example",
        "username": "redaktion",
        "password": "abcd efgh ijkl mnop qrst uvwx",
    }
    host = "blog.brand.example"
    poll_path = COMMENTS
    send_path = COMMENTS
    too_long = "x" * 65_001
    lengths: ClassVar[dict[str, int]] = {"a < b & c": len("a &lt; b &amp; c"), "ü": 2}
    markup = (
        '<p>Danke &amp; bis <em>bald</em>,<br />\nsiehe <a href="https://example.com/hilfe" rel="nofollow">hier</a></p>',
        "Danke & bis bald,\nsiehe hier",
    )
    pages_are_counted = True
    no_official = "WordPress describes itself at each site; no machine-readable contract of it is at hand."

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.answers: list[Any] = []
        self.status: dict[str, str] = {}

    def recorded(self) -> list[Any]:
        return list(recording("wordpress/comments.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if path == "/":
            link = '<https://blog.brand.example/wp-json/>; rel="https://api.w.org/"'
            return httpx.Response(200, text="<html></html>", headers={"Link": link})
        if path == "/wp-json/wp/v2/users/me":
            return httpx.Response(200, json=recording("wordpress/me.json"))
        if path.startswith(f"{COMMENTS}/"):
            return self._one(path.rpartition("/")[2], request)
        if request.method == "POST":
            return httpx.Response(201, json=self._sent(json.loads(request.content)))
        return httpx.Response(200, json=self._listed(query))

    def _one(self, name: str, request: httpx.Request) -> httpx.Response:
        found = [item for item in self._everything() if isinstance(item, dict) and str(item.get("id")) == name]
        if not found:
            return httpx.Response(404, json={"code": "rest_comment_invalid_id", "message": "Invalid comment ID."})
        if request.method == "POST":
            self.status[name] = json.loads(request.content)["status"]
        # Below an article in the bin a comment is in none of the states that it can be given.
        return httpx.Response(200, json={**found[0], "status": self.status.get(name, "post-trashed")})

    def _sent(self, body: Any) -> Any:
        rendered = f"<p>{body['content']}</p>\n"
        answer = {**recording("wordpress/sent.json"), "content": {"rendered": rendered, "raw": body["content"]}}
        self.answers = [{**answer, "post": body["post"], "parent": body["parent"]}]
        return self.answers[0]

    def _everything(self) -> list[Any]:
        return [*self.answers, *(item for page in self.pages or [self.items] for item in page)]

    def _listed(self, query: httpx.QueryParams) -> list[Any]:
        if query.get("status", "approve") != "approve":
            return []
        if "include" in query:
            wanted = set(query["include"].split(","))
            shown = {str(item["id"]): item for item in self._everything() if isinstance(item, dict) and "id" in item}
            return [item for name, item in shown.items() if name in wanted]
        if "parent" in query:
            return [item for item in self.answers if str(item["parent"]) == query["parent"]]
        pages = list(self.pages or [self.items])
        pages[0] = [*self.answers, *pages[0]]
        number = int(query.get("page", "1"))
        return pages[number - 1] if number <= len(pages) else []

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": 100_000 + int(name, 36) % 1_000_000_000}

    def worded(self, item: Any, text: str) -> Any:
        return self.marked(item, html.escape(text, quote=False))

    def marked(self, item: Any, source: str) -> Any:
        return {**item, "content": {"rendered": source, "raw": source}}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "date_gmt": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author": 0, "author_name": "", "author_email": ""}

    def broken(self, item: Any) -> Any:
        return {**item, "post": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"code": "incorrect_password", "message": "The application password is wrong."})

    def refusal(self) -> httpx.Response:
        return httpx.Response(409, json={"code": "comment_duplicate", "message": "You've already said that!"})
