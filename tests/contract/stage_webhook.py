"""A program of the house that posts its messages, and takes answers at an address of its own."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import httpx

from inbox.clock import now
from inbox.connectors.webhook_signature import sign
from tests.contract.stage import Stage, recording

SECRET, OTHER = (
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
)


class WebhookStage(Stage):
    kind = "webhook"
    no_quarantine = "each item is a message already; test_webhook tries what is kept of one that is none"
    settings: ClassVar[dict[str, Any]] = {"secret": SECRET, "callback_url": "https://shop.example/replies"}
    host = "shop.example"
    send_path = "/replies"
    too_long = "x" * 100_001
    markup = ("<p>Danke &amp; Grüße<br>Ana</p>", "Danke & Grüße\nAna")
    no_official = "the form is our own: docs/webhook.md"
    no_receipt = "any success is one"
    no_search = "the other program cannot be asked"

    def recorded(self) -> list[Any]:
        first = recording("webhook/one.json")
        return [
            first,
            *(self.worded(self.named(first, f"c-{number}"), f"Nachricht {number}") for number in (16, 15, 14)),
        ]

    def route(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": "r-1", "url": "https://shop.example/c/17#r-1"})

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        body = json.dumps({"messages": list(items)}).encode()
        return sign(OTHER if forged else SECRET, "delivery-1", at or now(), body), body

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "text": text}

    def marked(self, item: Any, source: str) -> Any:
        return {**item, "text": "", "html": source}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "posted_at": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author": None}

    def broken(self, item: Any) -> Any:
        return {**item, "text": 3.5, "html": []}

    def name_of(self, item: Any) -> str:
        return str(item["id"])
