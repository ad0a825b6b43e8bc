"""An account's comments, and its direct messages, as Meta's Graph API shows them."""

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors import instagram_read, meta_setup
from inbox.connectors.contract import ActName, ChannelConnector
from tests.contract.meta_dialect import MetaStage
from tests.contract.official_graph import Graph
from tests.contract.stage import recording

PAGE, OURS = "104200100200300", "17841400000000001"
MEDIA = "/v23.0/17900000000000055"
LAST = "/v23.0/1790000000000901"
USER_NODE = {"/me/permissions": "the node User is not among the descriptions"}
ON_COMMENTS = frozenset({ActName.HIDE, ActName.DELETE})


class InstagramStage(MetaStage):
    kind = "instagram"
    stream = "comments"
    object = "instagram"
    settings: ClassVar[dict[str, Any]] = {**MetaStage.secrets, "page_id": PAGE}
    host = "graph.facebook.com"
    poll_path = f"{MEDIA}/comments"
    send_path = f"{LAST}/replies"
    too_long = "x" * 1_001
    no_markup = "comments are plain text"
    official = (
        Graph(
            "meta/codegen",
            nodes={PAGE: "Page", OURS: "IGUser", r"1790000000000005[45]": "IGMedia", r"[\w-]+": "IGComment"},
            at="https://graph.facebook.com/v23.0",
            beyond=USER_NODE,
        ),
    )
    only = ON_COMMENTS

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.monkeypatch = monkeypatch
        self.memory.save({"ig_id": OURS, "username": "garten.app"})
        self.answers: list[Any] = []

    def connector(self) -> ChannelConnector:
        connector = super().connector()
        # Hiding is for comments, blocking for private messages; each stage has one of these.
        acts = connector.capabilities.acts & self.only
        narrowed = replace(connector.capabilities, acts=acts, undoable=connector.capabilities.undoable & acts)
        connector.capabilities = narrowed  # type: ignore[misc]
        return connector

    def recorded(self) -> list[Any]:
        return list(recording("instagram/comments.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path in {self.poll_path, f"/v23.0/{OURS}/media"}

    def _all(self) -> list[list[Any]]:
        return self.pages or [self.items]

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST" and path.endswith("/replies"):
            said = {"id": "17900000000009999", "text": json.loads(request.content)["message"]}
            said |= {"from": {"id": OURS, "username": "garten.app"}, "timestamp": "2026-11-21T08:00:05+0000"}
            self.answers.append({**said, "username": "garten.app", "parent_id": LAST.rpartition("/")[2]})
            return httpx.Response(200, json={"id": "17900000000009999"})
        if request.method != "GET":
            return httpx.Response(200, json={"success": True})
        if path == self.poll_path:
            if self.pages:
                # Pages are sorted here; small ones, where the suite asks for several.
                self.monkeypatch.setattr(instagram_read, "CHUNK", 2)
            return self.paged(self._all(), query.get("after"))
        if path == self.send_path:
            return self.paged([self.answers], None)
        if path == f"/v23.0/{OURS}/media":
            media = recording("instagram/media.json")
            media["data"][0]["comments_count"] = sum(map(len, self._all())) + 1
            return httpx.Response(200, json=media)
        if path in {"/v23.0/me/permissions", f"/v23.0/{PAGE}"}:
            name = "page" if path.endswith(PAGE) else "permissions"
            return httpx.Response(200, json=recording(f"instagram/{name}.json"))
        if path == f"/v23.0/{PAGE}/conversations":
            return httpx.Response(200, json={"data": []})
        found = [row for page in self._all() for row in page if isinstance(row, dict)]
        found += [answer for row in found for answer in row.get("replies", {}).get("data", [])]
        found = [row for row in found if row.get("id") == path.rpartition("/")[2]]
        return httpx.Response(200, json=found[0]) if found else self.said(400, 100, 33)

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        changes = [{"field": "comments", "value": self._change(item)} for item in items]
        return self.signed([{"id": OURS, "time": 1_795_176_000, "changes": changes}], forged=forged)

    def _change(self, item: Any) -> Any:
        media = {"id": "17900000000000055", "media_product_type": "FEED"}
        return {"id": item["id"], "text": item["text"], "from": item["from"], "media": media}

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, ("message" if "message" in item else "text"): text}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, ("created_time" if "created_time" in item else "timestamp"): value}

    def moment(self, at: datetime) -> Any:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name not in {"from", "username"}}

    def broken(self, item: Any) -> Any:
        return {**copy.deepcopy(item), ("message" if "message" in item else "text"): None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])


class InstagramDirectStage(InstagramStage):
    no_metrics = "nobody counts what is between two"
    no_answers = "what two people write stands one below the other"
    name = "instagram-direct"
    stream = "messages"
    poll_path = "/v23.0/aWdftalk1/messages"
    send_path = f"/v23.0/{PAGE}/messages"
    only = frozenset({ActName.BLOCK})
    official = (
        Graph(
            "meta/codegen",
            nodes={PAGE: "Page", OURS: "IGUser", "17900000000000055": "IGMedia", "aWdftalk1": "UnifiedThread"},
            at="https://graph.facebook.com/v23.0",
            beyond=USER_NODE
            | {f"/aWdfx{number}": "the node UnifiedMessage is not among the descriptions" for number in range(1, 7)}
            | {"/no-such-message": "an invented id"},
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        # Answers are delivered for a day after a message; here that day is not over.
        monkeypatch.setattr(meta_setup, "now", lambda: datetime(2026, 11, 20, 13, 0, tzinfo=UTC))

    def recorded(self) -> list[Any]:
        return list(recording("instagram/talk.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path in {self.poll_path, f"/v23.0/{PAGE}/conversations"}

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST" and path == self.send_path:
            said = {"id": "aWdfours", "message": json.loads(request.content)["message"]["text"]}
            said |= {"from": {"id": OURS, "username": "garten.app"}, "created_time": "2026-11-21T08:00:05+0000"}
            self.answers.append(said)
            return httpx.Response(200, json={"recipient_id": "2711", "message_id": "aWdfours"})
        if path == f"/v23.0/{PAGE}/conversations":
            talks = recording("instagram/talks.json")
            talks["data"][0]["updated_time"] = f"{sum(map(len, self._all()))}"
            if query.get("user_id"):
                talks["data"][0]["messages"] = {"data": self.answers}
            return httpx.Response(200, json=talks)
        if path == f"/v23.0/{OURS}/media":
            return httpx.Response(200, json={"data": []})
        return super().route(request)

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        said = [self._said(item) for item in items]
        return self.signed([{"id": OURS, "time": 1_795_176_000, "messaging": said}], forged=forged)

    def _said(self, item: Any) -> Any:
        at = datetime.fromisoformat(item["created_time"])
        message = {"mid": item["id"], "text": item["message"]}
        sender, to = {"id": item["from"]["id"]}, {"id": OURS}
        return {"sender": sender, "recipient": to, "timestamp": int(at.timestamp() * 1_000), "message": message}
