"""Mastodon, as one of its servers was recorded."""

import json
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors.contract import OutgoingReply
from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording


class MastodonStage(Stage):
    kind = "mastodon"
    stream = "mentions"
    settings: ClassVar[dict[str, Any]] = {"server": "garten.example", "access_token": "token-1"}
    host = "garten.example"
    poll_path = "/api/v1/notifications"
    send_path = "/api/v1/statuses"
    too_long = "x" * 501
    markup = ("<p>Danke &amp; Grüße<br>Ana</p><p>#<span>feedback</span></p>", "Danke & Grüße\nAna\n\n#feedback")
    lengths: ClassVar[dict[str, int]] = {
        "https://example.com/a/very/long/path?with=everything": 23,
        "see https://example.com/a/very/long/path?with=everything": 27,
        "http://a.b x": 25,
        "@ana@garten.example hi": len("@ana hi"),
        "mail ana@garten.example": len("mail ana@garten.example"),
    }
    official = (OpenApi("mastodon/schema.json", at="https://garten.example"),)

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.relation: dict[str, Any] = recording("mastodon/relationship.json")

    def recorded(self) -> list[Any]:
        return list(recording("mastodon/notifications.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST" and path != self.send_path:
            return self._acted(path, request)
        if request.method == "POST":
            self.sent = self.sent or self.reply_to_nothing()
            return httpx.Response(200, json=recording("mastodon/status_sent.json"))
        if path == self.poll_path:
            return self._page(query.get("max_id"))
        if path == "/api/v1/statuses":
            wanted = query.get_list("id[]")
            return httpx.Response(200, json=[s for s in self._statuses() if s["id"] in wanted])
        if path.startswith("/api/v1/accounts/11001/statuses"):
            is_there = self.sent and "max_id" not in query
            return httpx.Response(200, json=[recording("mastodon/status_sent.json")] if is_there else [])
        if path.endswith("/context"):
            name = path.split("/")[4]
            if name == "113500000000000100":
                return httpx.Response(200, json=recording("mastodon/context_of_root.json"))
            return httpx.Response(200, json=recording("mastodon/context_of_reply.json"))
        if path.startswith("/api/v1/statuses/"):
            found = [s for s in self._statuses() if s["id"] == path.split("/")[4]]
            return (
                httpx.Response(200, json=found[0]) if found else httpx.Response(404, json={"error": "Record not found"})
            )
        return {
            "/api/v1/accounts/verify_credentials": httpx.Response(200, json=recording("mastodon/account.json")),
            "/api/v2/instance": httpx.Response(200, json=recording("mastodon/instance.json")),
        }.get(path, httpx.Response(404, json={"error": "Record not found"}))

    def _acted(self, path: str, request: httpx.Request) -> httpx.Response:
        """Likes of a status, blocks and mutes of an account, and reports to the server's moderators."""
        *_before, account_id, verb = path.split("/")
        if verb.removeprefix("un") == "favourite":
            (liked,) = [status for status in self._statuses() if status["id"] == account_id]
            return httpx.Response(200, json={**liked, "favourited": verb == "favourite"})
        state = {"block": {"blocking": True}, "mute": {"muting": True, "muting_notifications": True}}
        if verb.removeprefix("un") in state:
            name = verb.removeprefix("un")
            self.relation |= {each: not verb.startswith("un") for each in state[name]}
            return httpx.Response(200, json={**self.relation, "id": account_id})
        body = json.loads(request.content)
        told = {"id": "48914", "action_taken": False, "category": "other", "forwarded": False, "rule_ids": None}
        about = {"comment": body["comment"], "status_ids": body["status_ids"], "created_at": "2026-11-21T08:00:00.000Z"}
        return httpx.Response(200, json={**told, **about, "target_account": self.recorded()[0]["account"]})

    def reply_to_nothing(self) -> OutgoingReply:
        return OutgoingReply("", "", "", "", {})

    def _statuses(self) -> list[Any]:
        items = [item for page in self.pages or [self.items] for item in page]
        found = [item["status"] for item in items if isinstance(item, dict) and item.get("status")]
        return [*found, recording("mastodon/status_root.json")]

    def _page(self, older: str | None) -> httpx.Response:
        pages = self.pages or [self.items]
        number = 0 if older is None else 1 + next(i for i, page in enumerate(pages) if page[-1]["id"] == older)
        page = pages[number] if number < len(pages) else []
        # The server names itself as it knows itself, which is not where it was asked.
        headers = {"Link": f'<http://inner:3000{self.poll_path}?max_id={page[-1]["id"]}>; rel="next"'} if page else {}
        return httpx.Response(200, json=page, headers=headers)

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": f"n{name}", "status": {**item["status"], "id": name}}

    def worded(self, item: Any, text: str) -> Any:
        return {
            **item,
            "status": {
                **item["status"],
                "content": text if text.startswith("<p>") else f"<p>{text}</p>",
                "edited_at": "2026-11-20T15:00:00Z",
            },
        }

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value, "status": {**item["status"], "created_at": value}}

    def anonymous(self, item: Any) -> Any:
        return {**item, "account": None, "status": {**item["status"], "account": None}}

    def broken(self, item: Any) -> Any:
        return {**item, "status": {**item["status"], "id": None}}

    def name_of(self, item: Any) -> str:
        return str(item["status"]["id"])
