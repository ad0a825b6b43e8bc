"""A conversation of direct messages on Bluesky, as its server was recorded."""

import hashlib
import json
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.stage import recording
from tests.contract.stage_bluesky import OUR_DID, BlueskyStage

CHAT = "/xrpc/chat.bsky.convo."
ELSEWHERE = "direct messages are reported on Bluesky itself"


class BlueskyDirectStage(BlueskyStage):
    name = "bluesky_direct"
    no_refetch = "what is private is read as it comes, and not given by its id"
    no_answers = "what is answered in a conversation stands in it"
    no_metrics = "nobody counts what is between two"
    stream = "direct"
    settings: ClassVar[dict[str, Any]] = {**BlueskyStage.settings, "direct": True}
    poll_path = f"{CHAT}getMessages"
    send_path = f"{CHAT}sendMessage"
    too_long = "👩‍👩‍👧" * 1_001
    no_act: ClassVar[dict[str, str]] = {
        "hide": ELSEWHERE,
        "report": ELSEWHERE,
        "like": "direct messages are liked on Bluesky itself",
    }

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.said: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("bluesky/direct.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.url.path in {self.poll_path, f"{CHAT}listConvos"}

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if path.startswith(CHAT):
            assert request.headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"
        if path == f"{CHAT}listConvos":
            return httpx.Response(200, json={"convos": [{**recording("bluesky/convo.json"), "rev": self._revision()}]})
        if path == self.poll_path:
            pages, number = self._pages(), int(query.get("cursor") or 0)
            more = {"cursor": str(number + 1)} if number + 1 < len(pages) else {}
            return httpx.Response(200, json={"messages": pages[number], **more})
        if path == self.send_path:
            text = json.loads(request.content)["message"]["text"]
            self.said = [self._message("3msent2222aa", text, "2026-11-21T08:00:05.000Z", OUR_DID)]
            return httpx.Response(200, json=self.said[0])
        if path.endswith("listNotifications"):
            return httpx.Response(200, json=recording("bluesky/notifications.json"))
        if path.endswith("refreshSession"):
            return httpx.Response(200, json=recording("bluesky/session.json"))
        return super().route(request)

    def _pages(self) -> list[list[Any]]:
        first, *others = self.pages or [self.items]
        return [[*self.said, *first], *others]

    def _revision(self) -> str:
        # Whatever happens in a conversation makes another revision of it.
        return hashlib.sha256(json.dumps(self._pages(), default=str).encode()).hexdigest()[:13]

    def _message(self, name: str, text: str, at: str, did: str) -> Any:
        kind = "chat.bsky.convo.defs#messageView"
        return {"$type": kind, "id": name, "rev": name, "text": text, "sender": {"did": did}, "sentAt": at}

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name, "rev": name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "rev": f"{item['rev']}b", "text": text}

    def delete(self, index: int) -> None:
        item = self.items[index]
        kept = {name: item[name] for name in ("id", "sender", "sentAt")}
        self.items[index] = {"$type": "chat.bsky.convo.defs#deletedMessageView", "rev": f"{item['rev']}c", **kept}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "sentAt": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "sender": None}

    def broken(self, item: Any) -> Any:
        return {**item, "text": None}

    def name_of(self, item: Any) -> str:
        return f"3mconvo22222aa/{item['id']}"
