"""A business number on WhatsApp, as Meta's Cloud API delivers what is written to it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors import meta_setup
from tests.contract.meta_dialect import MetaStage
from tests.contract.official_openapi import OpenApi
from tests.contract.stage import recording

NUMBER = "106540000000001"


class Unproved(OpenApi):
    """The description leaves out the proof of the app, which Meta's whole Graph takes."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        if "appsecret_proof" not in request.url.params:
            yield "it lacks the proof of the app"
        bare = request.url.copy_remove_param("appsecret_proof")
        asked = httpx.Request(request.method, bare, headers=request.headers, content=request.content)
        yield from super().problems(folder, asked, path, response)


class WhatsAppStage(MetaStage):
    kind = "whatsapp"
    object = "whatsapp_business_account"
    settings: ClassVar[dict[str, Any]] = {**MetaStage.secrets, "phone_number_id": NUMBER}
    host = "graph.facebook.com"
    send_path = f"/v23.0/{NUMBER}/messages"
    too_long = "x" * 4_097
    no_markup = "what people type is taken as it is"
    no_search = "there is no list of what was sent"
    official = (
        Unproved(
            "meta/business-messaging-api_v23.0.yaml",
            at="https://graph.facebook.com",
            beyond={send_path: "it forbids of texts what it demands of all messages; test_whatsapp takes it by halves"},
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        # Answers are delivered for a day after a message; here that day is not over.
        monkeypatch.setattr(meta_setup, "now", lambda: datetime(2026, 11, 20, 13, 0, tzinfo=UTC))

    def recorded(self) -> list[Any]:
        return list(recording("whatsapp/messages.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path == self.send_path:
            return httpx.Response(200, json=recording("whatsapp/sent.json"))
        if request.method != "GET":
            people = [{"input": "4915550005", "wa_id": "4915550005"}]
            done = "removed_users" if request.method == "DELETE" else "added_users"
            return httpx.Response(200, json={"messaging_product": "whatsapp", "block_users": {done: people}})
        return httpx.Response(200, json=recording("whatsapp/number.json"))

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        contacts = [{"profile": {"name": "Mira Sand"}, "wa_id": "4915550001"}]
        return self._told({"contacts": contacts, "messages": list(items)}, forged=forged)

    def report(self, name: str, *, has_arrived: bool, forged: bool = False) -> Any:
        status = recording("whatsapp/statuses.json")["delivered" if has_arrived else "failed"]
        return self._told({"statuses": [{**status, "id": name}]}, forged=forged)

    def _told(self, said: Any, *, forged: bool) -> Any:
        number = {"display_phone_number": "4915559999", "phone_number_id": NUMBER}
        value = {"messaging_product": "whatsapp", "metadata": number, **said}
        return self.signed([{"id": "10260", "changes": [{"field": "messages", "value": value}]}], forged=forged)

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "text": {"body": text}}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "timestamp": value}

    def moment(self, at: datetime) -> Any:
        return str(int(at.timestamp()))

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "from"}

    def broken(self, item: Any) -> Any:
        return {**item, "text": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])
