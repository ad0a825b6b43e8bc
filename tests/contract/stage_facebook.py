"""A page's comments, and its conversations in Messenger, as Meta's Graph API shows them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors import meta_setup
from inbox.connectors.contract import ActName, ChannelConnector, Metric
from tests.contract.meta_dialect import MetaStage
from tests.contract.official_graph import Graph
from tests.contract.stage import recording

PAGE = "104200100200300"
POST = f"/v23.0/{PAGE}_5501"
TALK = "/v23.0/t_301"


class FacebookStage(MetaStage):
    kind = "facebook"
    stream = "comments"
    object = "page"
    settings: ClassVar[dict[str, Any]] = {**MetaStage.secrets, "page_id": PAGE}
    host = "graph.facebook.com"
    poll_path = f"{POST}/comments"
    send_path = "/v23.0/5501_901/comments"
    too_long = "x" * 8_001
    no_markup = "comments are plain text"
    subscribed = ("feed", "messages")
    no_metric: ClassVar[dict[Metric, str]] = dict.fromkeys(
        (Metric.REACTIONS, Metric.SHARES), "only whole posts have them; test_facebook tries one"
    )
    official = (
        Graph(
            "meta/codegen",
            nodes={PAGE: "Page", rf"{PAGE}_\d+": "PagePost", r"[\w-]+": "Comment"},
            at="https://graph.facebook.com/v23.0",
            beyond={"/me/permissions": "the node User is not among the descriptions"},
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        # Our own answer comes along with the others' comments.
        return [row for row in recording("facebook/comments.json") if row["from"]["id"] != PAGE]

    def is_poll(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path in {self.poll_path, f"/v23.0/{PAGE}/feed"}

    def _all(self) -> list[list[Any]]:
        return self.pages or [self.items]

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST" and path.endswith("/comments"):
            text = json.loads(request.content)["message"]
            said = {"id": "5501_999", "from": {"id": PAGE, "name": "Garten"}, "message": text}
            self.answers.append({**said, "created_time": "2026-11-21T08:00:05+0000", "parent": {"id": "5501_901"}})
            return httpx.Response(200, json={"id": "5501_999"})
        if request.method != "GET":
            return httpx.Response(200, json={"success": True})
        if path == self.poll_path:
            return self.paged(self._all(), query.get("after"))
        if path == self.send_path:
            return self.paged([self.answers], None)
        if path == f"/v23.0/{PAGE}/feed":
            feed = recording("facebook/feed.json")
            feed["data"][0]["comments"]["summary"]["total_count"] = sum(map(len, self._all()))
            return httpx.Response(200, json=feed)
        if path == "/v23.0/me/permissions":
            return httpx.Response(200, json=recording("facebook/permissions.json"))
        if path == f"/v23.0/{PAGE}/conversations":
            return httpx.Response(200, json={"data": []})
        if path == f"/v23.0/{PAGE}/subscribed_apps":
            return httpx.Response(200, json={"data": [{"id": "77", "subscribed_fields": list(self.subscribed)}]})
        if path == f"/v23.0/{PAGE}":
            return httpx.Response(200, json=recording("facebook/page.json"))
        found = [row for page in self._all() for row in page if isinstance(row, dict)]
        found = [row for row in found if row.get("id") == path.rpartition("/")[2]]
        return httpx.Response(200, json=found[0]) if found else self.said(400, 100, 33)

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        changes = [{"field": "feed", "value": self._change(item)} for item in items]
        return self.signed([{"id": PAGE, "time": 1_795_176_000, "changes": changes}], forged=forged)

    def _change(self, item: Any) -> Any:
        return {
            "item": "comment",
            "verb": "add",
            "comment_id": item["id"],
            "post_id": f"{PAGE}_5501",
            "parent_id": item.get("parent", {}).get("id") or f"{PAGE}_5501",
            "from": item["from"],
            "message": item["message"],
            "created_time": int(datetime.fromisoformat(item["created_time"]).timestamp()),
            "post": {"id": f"{PAGE}_5501", "permalink_url": "https://www.facebook.com/garten.app/posts/5501"},
        }

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "message": text}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_time": value}

    def moment(self, at: datetime) -> Any:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "from"}

    def broken(self, item: Any) -> Any:
        return {**item, "message": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])


class MessengerStage(FacebookStage):
    no_metrics = "nobody counts what is between two"
    no_answers = "what two people write stands one below the other"
    name = "facebook-messenger"
    stream = "messages"
    poll_path = f"{TALK}/messages"
    send_path = f"/v23.0/{PAGE}/messages"
    official = (
        Graph(
            "meta/codegen",
            nodes={PAGE: "Page", rf"{PAGE}_\d+": "PagePost", r"t_\d+": "UnifiedThread"},
            at="https://graph.facebook.com/v23.0",
            beyond={f"/m_x{number}": "the node UnifiedMessage is not among the descriptions" for number in range(1, 7)}
            | {"/no-such-message": "an invented id", "/me/permissions": "the node User is not among the descriptions"},
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        # Answers are delivered for a day after a message; here that day is not over.
        monkeypatch.setattr(meta_setup, "now", lambda: datetime(2026, 11, 20, 13, 0, tzinfo=UTC))

    def connector(self) -> ChannelConnector:
        connector = super().connector()
        # Of what can be done on a page, only this fits a private message.
        narrowed = replace(connector.capabilities, acts=frozenset({ActName.BLOCK}), undoable=frozenset({ActName.BLOCK}))
        connector.capabilities = narrowed  # type: ignore[misc]
        return connector

    def edit(self, index: int, text: str) -> None:
        pytest.skip("a conversation does not tell of edits; messages are asked for again one by one")

    def recorded(self) -> list[Any]:
        return list(recording("facebook/talk.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path in {self.poll_path, f"/v23.0/{PAGE}/conversations"}

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST" and path == self.send_path:
            text = json.loads(request.content)["message"]["text"]
            said = {"id": "m_ours", "from": {"id": PAGE, "name": "Garten"}, "message": text}
            self.answers.append({**said, "created_time": "2026-11-21T08:00:05+0000"})
            return httpx.Response(200, json={"recipient_id": "7011", "message_id": "m_ours"})
        if path == f"/v23.0/{PAGE}/conversations" and request.method == "GET":
            talks = recording("facebook/talks.json")
            talks["data"][0]["updated_time"] = f"{sum(map(len, self._all()))}"
            if query.get("user_id"):
                talks["data"][0]["messages"] = {"data": self.answers}
            return httpx.Response(200, json=talks)
        if path == self.poll_path and request.method == "GET":
            return self.paged(self._all(), query.get("after"))
        return super().route(request)

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        said = [self._said(item) for item in items]
        return self.signed([{"id": PAGE, "time": 1_795_176_000, "messaging": said}], forged=forged)

    def _said(self, item: Any) -> Any:
        at = datetime.fromisoformat(item["created_time"])
        message = {"mid": item["id"], "text": item["message"]}
        sender, to = {"id": item["from"]["id"]}, {"id": PAGE}
        return {"sender": sender, "recipient": to, "timestamp": int(at.timestamp() * 1_000), "message": message}
