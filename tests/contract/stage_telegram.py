"""Telegram's queue of updates, as a bot in a group and a private chat hears it. What is confirmed is forgotten, as there."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from zlib import crc32

import httpx
import pytest

from inbox.connectors import telegram
from tests.contract.official_telegram import BotApi
from tests.contract.stage import Stage, recording

BOT = "/bot123456:AAE-abc_def"
PHOTO = b"\xff\xd8\xff\xe0 photo"


class TelegramStage(Stage):
    kind = "telegram"
    stream = "updates"
    settings: ClassVar[dict[str, Any]] = {"token": "123456:AAE-abc_def"}
    host = "api.telegram.org"
    poll_path = f"{BOT}/getUpdates"
    send_path = f"{BOT}/sendMessage"
    too_long = "x" * 4_097
    markup = ("Mehr in der Hilfe.", "Mehr in der Hilfe (https://example.com/hilfe).")
    no_search = "a bot never hears its own messages"
    official = (
        BotApi(
            "telegram/api.json",
            at="https://api.telegram.org",
            beyond={"/file/{bot}/photos/{name}": "files are no methods"},
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.monkeypatch = monkeypatch
        self.queue: list[tuple[int, Any]] = []
        self.confirmed = 0
        self.webhook = ""

    def recorded(self) -> list[Any]:
        return list(recording("telegram/messages.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        method, body = path.removeprefix(f"{BOT}/"), json.loads(request.content or b"{}")
        if method == "getUpdates":
            return httpx.Response(200, json={"ok": True, "result": self._waiting(body)})
        if path.startswith("/file"):
            return httpx.Response(200, content=PHOTO)
        if method == "getWebhookInfo" and self.webhook:
            return httpx.Response(200, json={"ok": True, "result": {"url": self.webhook, "pending_update_count": 0}})
        fixed = {
            "getMe": "telegram/me.json",
            "getWebhookInfo": "telegram/webhook_info.json",
            "getFile": "telegram/file.json",
        }
        if method in fixed:
            return httpx.Response(200, json=recording(fixed[method]))
        if method == "sendMessage":
            return httpx.Response(200, json=recording("telegram/sent.json"))
        return httpx.Response(200, json={"ok": True, "result": True})

    def _waiting(self, body: Mapping[str, Any]) -> list[Any]:
        """The queue in the order of arrival: whatever is new among the items arrives now."""
        if self.pages:
            # Pages of two, where the suite asks for several.
            self.monkeypatch.setattr(telegram, "PAGE", 2)
        there = {json.dumps(message) for _number, message in self.queue}
        for message in reversed([item for page in self.pages or [self.items] for item in page]):
            if json.dumps(message) not in there:
                there.add(json.dumps(message))
                self.queue.append((700 + len(self.queue), message))
        self.confirmed = max(self.confirmed, body.get("offset", 0))
        waiting = [entry for entry in self.queue if entry[0] >= self.confirmed]
        return [self._update(number, message) for number, message in waiting[: 2 if self.pages else body["limit"]]]

    def _update(self, number: int, message: Any) -> Any:
        kind = "edited_message" if isinstance(message, dict) and "edit_date" in message else "message"
        return {"update_id": number, kind: message}

    def edit(self, index: int, text: str) -> None:
        self.items.insert(0, {**self.worded(self.items[index], text), "edit_date": 1_795_280_000})

    def named(self, item: Any, name: str) -> Any:
        return {**item, "message_id": 1_000 + crc32(name.encode()) % 1_000_000}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, ("caption" if "photo" in item else "text"): text, "entities": [], "caption_entities": []}

    def marked(self, item: Any, source: str) -> Any:
        link = {"type": "text_link", "offset": 12, "length": 5, "url": "https://example.com/hilfe"}
        return {**self.worded(item, source), "caption_entities": [link]}

    def moment(self, at: Any) -> Any:
        return int(at.timestamp())

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "date": value}

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "from"}

    def broken(self, item: Any) -> Any:
        return {**item, "chat": None}

    def name_of(self, item: Any) -> str:
        return f"{item['chat']['id']}:{item['message_id']}"

    def patience(self, seconds: int) -> httpx.Response:
        words = f"Too Many Requests: retry after {seconds}"
        body = {"ok": False, "error_code": 429, "description": words, "parameters": {"retry_after": seconds}}
        return httpx.Response(429, json=body)

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"ok": False, "error_code": 401, "description": "Unauthorized"})

    def refusal(self) -> httpx.Response:
        words = "Bad Request: not enough rights to send text messages to the chat"
        return httpx.Response(400, json={"ok": False, "error_code": 400, "description": words})
