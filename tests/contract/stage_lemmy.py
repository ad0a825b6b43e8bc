"""One account on a Lemmy server that moderates a community, and what answers its post."""

import json
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.official_listed import Listed
from tests.contract.stage import Stage, recording

API = "/api/v3"
SERVER = "https://lemmy.garten.example"


class LemmyStage(Stage):
    kind = "lemmy"
    stream = "replies"
    settings: ClassVar[dict[str, Any]] = {
        "server": SERVER,
        "username": "brandworks",
        "password": "streng-geheim",
        "communities": "gartenplaner",
    }
    host = "lemmy.garten.example"
    poll_path = f"{API}/user/replies"
    send_path = f"{API}/comment"
    too_long = "x" * 10_001
    lengths: ClassVar[dict[str, int]] = {
        "a\nb": len("a  \nb"),
        "x^2^": len(r"x\^2\^"),
        "*wichtig*": len(r"\*wichtig\*"),
    }
    no_markup = "what people write in Markdown is shown as they typed it"
    official = (
        Listed(
            "lemmy/v3_endpoints.derived.json",
            at=SERVER,
            beyond={
                f"{API}/user/block": "The list was made from a client that blocks nobody.",
                f"{API}/private_message/report": "The list was made from a client that reports no private messages.",
            },
        ),
    )
    pages_are_counted = True
    tells_when = False

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.answers: list[Any] = []
        self.lists: dict[str, list[Any]] = {
            "/private_message/list": recording("lemmy/private_messages.json"),
            "/post/list": recording("lemmy/posts.json"),
        }

    def recorded(self) -> list[Any]:
        return list(recording("lemmy/replies.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix(API), request.url.params
        if path == "/user/login":
            return httpx.Response(200, json=recording("lemmy/login.json"))
        if path == "/site":
            site = recording("lemmy/site.json")
            return httpx.Response(200, json=site if "Authorization" in request.headers else {**site, "my_user": None})
        if "Authorization" not in request.headers:
            return self.unauthorised()
        if request.method == "POST":
            return self._done(path, json.loads(request.content))
        if path == "/post":
            return httpx.Response(200, json=recording("lemmy/post.json")) if query["id"] == "40" else _nothing("post")
        if path == "/comment":
            return self._one(query["id"])
        number = int(query["page"])
        return httpx.Response(200, json=self._listed(path, number))

    def _one(self, name: str) -> httpx.Response:
        found = [each for each in self._everything() if isinstance(each, dict) and self._id(each) == name]
        return (
            httpx.Response(200, json={"comment_view": found[0], "recipient_ids": []}) if found else _nothing("comment")
        )

    def _done(self, path: str, body: Any) -> httpx.Response:
        if path == "/comment":
            sent = recording("lemmy/sent.json")
            above = f"0.{body['parent_id']}" if "parent_id" in body else "0"
            said = {"content": body["content"], "post_id": body["post_id"], "path": f"{above}.900"}
            self.answers = [{**sent, "comment": {**sent["comment"], **said}}]
            return httpx.Response(200, json={"comment_view": self.answers[0], "recipient_ids": []})
        if path == "/private_message":
            ours = self.lists["/private_message/list"][1]
            said = {"id": 99, "content": body["content"], "published": "2026-11-21T08:00:06Z"}
            sent = {
                **ours,
                "private_message": {**ours["private_message"], **said, "recipient_id": body["recipient_id"]},
            }
            self.lists["/private_message/list"].insert(0, sent)
            return httpx.Response(200, json={"private_message_view": sent})
        return httpx.Response(200, json={"success": True})

    def _everything(self) -> list[Any]:
        return [*self.answers, *(item for page in self.pages or [self.items] for item in page)]

    def _listed(self, path: str, number: int) -> Any:
        pages = (self.pages or [self.items]) if path == "/user/replies" else [self.lists.get(path, [])]
        if path == "/comment/list":
            pages = [[*self.answers, *self.items]]
        field = {"/user/replies": "replies", "/user/mention": "mentions", "/post/list": "posts"}.get(path, "comments")
        field = "private_messages" if path == "/private_message/list" else field
        return {field: pages[number - 1] if number <= len(pages) else []}

    def named(self, item: Any, name: str) -> Any:
        number = 100_000 + int(name, 36) % 1_000_000_000
        return {**item, "comment": {**item["comment"], "id": number, "path": f"0.{number}"}}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "comment": {**item["comment"], "content": text}}

    def dated(self, item: Any, value: Any) -> Any:
        arrived = {**item["comment_reply"], "published": value}
        return {**item, "comment_reply": arrived, "comment": {**item["comment"], "published": value}}

    def anonymous(self, item: Any) -> Any:
        return {**item, "creator": None}

    def broken(self, item: Any) -> Any:
        return {**item, "comment": {**item["comment"], "post_id": None}}

    def name_of(self, item: Any) -> str:
        return f"comment:{self._id(item)}"

    def _id(self, item: Any) -> str:
        comment = item.get("comment")
        return str(comment.get("id")) if isinstance(comment, dict) else ""

    def patience(self, seconds: int) -> httpx.Response:
        return httpx.Response(400, json={"error": "rate_limit_error"})

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(400, json={"error": "not_logged_in"})

    def refusal(self) -> httpx.Response:
        return httpx.Response(400, json={"error": "locked"})


def _nothing(kind: str) -> httpx.Response:
    return httpx.Response(404, json={"error": f"couldnt_find_{kind}"})
