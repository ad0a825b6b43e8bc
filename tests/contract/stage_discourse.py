"""A Discourse forum, and its webhook."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import httpx

from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording

SECRET = "hook-secret"
TOPIC, PRIVATE = "/t/", "/topics/private-messages/brand.json"


class DiscourseStage(Stage):
    kind = "discourse"
    stream = "posts"
    settings: ClassVar[dict[str, Any]] = {
        "server": "forum.example",
        "username": "brand",
        "api_key": "0123abcd",
        "webhook_secret": SECRET,
    }
    host = "forum.example"
    poll_path = "/posts.json"
    send_path = "/posts.json"
    too_long = "x" * 32_001
    markup = ("<p>Danke &amp; Grüße<br>\nAna</p>\n<p><b>Bald</b> mehr</p>", "Danke & Grüße\nAna\n\nBald mehr")
    delivered_at_once = 1
    no_signed_time = "a forum signs the body alone"
    lengths: ClassVar[dict[str, int]] = {"*wichtig*": len(r"\*wichtig\*"), "# 1": len(r"\# 1")}
    official = (
        OpenApi(
            "discourse/openapi.json",
            at="https://forum.example",
            beyond={
                "/t/{id}/posts.json": "it describes the query as a body",
                "/admin/users/{id}/unsilence.json": "the undoing of silence.json is not described",
                "/admin/users/{id}/unsuspend.json": "the undoing of suspend.json is not described",
            },
        ),
    )

    def recorded(self) -> list[Any]:
        return list(recording("discourse/posts.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.url.path == self.poll_path and request.method == "GET"

    def route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method != "GET":
            return self._change(request, path)
        if path == "/posts.json":
            return httpx.Response(200, json={"latest_posts": self._page(request.url.params.get("before"))})
        if path.startswith("/posts/"):
            found = [post for post in self._posts() if f"/posts/{post['id']}.json" == path]
            # Only a post by itself tells how many liked it.
            likes = {"id": 2, "count": 2, "can_act": True}
            acted = [each for post in found for each in post.get("actions_summary", ()) if each["id"] != 2]
            return (
                httpx.Response(200, json={**found[0], "actions_summary": [likes, *acted]}) if found else self._missing()
            )
        if path == "/t/310/posts.json":
            wanted = request.url.params.get_list("post_ids[]")
            found = [post for post in self._thread() if str(post["id"]) in wanted]
            return httpx.Response(200, json={"post_stream": {"posts": found}, "id": 310})
        if path.startswith(TOPIC):
            stream = {"posts": self._thread()[:1], "stream": [post["id"] for post in self._thread()]}
            return httpx.Response(200, json={**recording("discourse/topic.json"), "post_stream": stream})
        fixed = {"/u/brand.json": "discourse/user.json", PRIVATE: "discourse/private_topics.json"}
        return httpx.Response(200, json=recording(fixed[path])) if path in fixed else self._missing()

    def _change(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/posts.json":
            raw = json.loads(request.content)["raw"]
            self.ours = {**recording("discourse/sent.json"), "cooked": f"<p>{raw}</p>", "raw": raw}
            return httpx.Response(200, json=self.ours)
        if request.method == "DELETE":
            return httpx.Response(200)
        acts = {"silence": "discourse/silenced.json", "suspend": "discourse/suspended.json"}
        act = path.rpartition("/")[2].removesuffix(".json")
        return httpx.Response(200, json=recording(acts[act]) if act in acts else self._acted(act))

    def _acted(self, act: str) -> Any:
        if act == "post_actions":
            # As the contract has it, this answer is a post without words of its forum's own.
            return recording("discourse/sent.json")
        return {"success": "OK", "topic_status_update": None}

    def _page(self, before: str | None) -> list[Any]:
        pages = self.pages or [self.items]
        if before is None:
            return pages[0]
        lowest = [min((post["id"] for post in page if is_post(post)), default=0) for page in pages]
        number = lowest.index(int(before)) + 1 if int(before) in lowest else len(pages)
        return pages[number] if number < len(pages) else []

    def _posts(self) -> list[Any]:
        items = [item for page in self.pages or [self.items] for item in page]
        return list(filter(is_post, items))

    def _thread(self) -> list[Any]:
        posts = {post["id"]: post for post in self._posts() if post.get("topic_id") == 310}
        ours = [self.ours] if hasattr(self, "ours") else []
        return [recording("discourse/root.json"), *(posts[name] for name in sorted(posts)), *ours]

    def _missing(self) -> httpx.Response:
        body = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
        return httpx.Response(404, json=body)

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": 10_000 + int(name, 36) % 1_000_000_000}

    def worded(self, item: Any, text: str) -> Any:
        cooked = text if text.startswith("<p>") else f"<p>{text}</p>"
        return {**item, "cooked": cooked, "version": 2, "updated_at": "2026-11-20T15:00:00.000Z"}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value, "updated_at": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "username": None, "user_id": None}

    def broken(self, item: Any) -> Any:
        return {**item, "topic_id": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        body = json.dumps({"post": items[0]}).encode()
        signature = hmac.new(b"other" if forged else SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Discourse-Event": "post_created", "X-Discourse-Event-Signature": f"sha256={signature}"}, body

    def patience(self, seconds: int) -> httpx.Response:
        extras = {"wait_seconds": seconds, "time_left": f"{seconds} seconds"}
        words = ["You’ve performed this action too many times, please try again later."]
        return httpx.Response(429, json={"errors": words, "error_type": "rate_limit", "extras": extras})

    def unauthorised(self) -> httpx.Response:
        words = "You are not permitted to view the requested resource. The API username or key is invalid."
        return httpx.Response(403, json={"errors": [words], "error_type": "invalid_access"})

    def refusal(self) -> httpx.Response:
        words = "Body is too short (minimum is 20 characters)"
        return httpx.Response(422, json={"action": "create_post", "errors": [words]})


def is_post(item: Any) -> bool:
    """Whether the item has a number, as posts have."""
    return isinstance(item, dict) and isinstance(item.get("id"), int)
