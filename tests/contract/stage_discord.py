"""One Discord server with one channel that a bot may read."""

import json
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors import discord_poll
from inbox.connectors.discord_read import number
from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording

PICTURE = b"\x89PNG picture"
API, GUILD, CHANNEL = "/api/v10", "/api/v10/guilds/60000000000000001", "/api/v10/channels/70000000000000001"


class DiscordStage(Stage):
    kind = "discord"
    stream = "messages"
    settings: ClassVar[dict[str, Any]] = {"token": "Qm90.RG9z.c2VjcmV0LTE", "guild": "60000000000000001"}
    host = "discord.com"
    poll_path = f"{GUILD}/channels"
    send_path = f"{CHANNEL}/messages"
    too_long = "x" * 2_001
    markup = ("Danke <@81000000000000002> <:sad:81000000000009999>", "Danke @bo :sad:")
    lengths: ClassVar[dict[str, int]] = {"*wichtig*": len(r"\*wichtig\*"), "<@1>": len(r"\<@1\>")}
    official = (
        OpenApi("discord/openapi.json", at=f"https://discord.com{API}"),
        OpenApi(
            "discord/openapi.json",
            at="https://cdn.discordapp.com",
            beyond={"/attachments/{channel}/{id}/{name}": "files are not in it"},
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.monkeypatch = monkeypatch
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("discord/messages.json"))

    def is_ours(self, request: httpx.Request) -> bool:
        return request.url.host in {self.host, "cdn.discordapp.com"}

    def route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.url.host != self.host:
            return httpx.Response(200, content=PICTURE)
        if path == self.send_path and request.method == "POST":
            content = json.loads(request.content)["content"].replace("\\", "")
            self.answers = [{**recording("discord/sent.json"), "content": content}]
            return httpx.Response(200, json=self.answers[0])
        if path == self.send_path:
            return httpx.Response(200, json=self._page(request.url.params))
        if request.method == "PATCH":
            return httpx.Response(200, json=recording("discord/member.json"))
        if request.method != "GET":
            return httpx.Response(204)
        if path.startswith(f"{CHANNEL}/messages/"):
            found = [item for item in self._messages() if path.endswith(f"/{item['id']}")]
            missing = httpx.Response(404, json={"message": "Unknown Message", "code": 10008})
            return httpx.Response(200, json=found[0]) if found else missing
        return self._about(path)

    def _about(self, path: str) -> httpx.Response:
        if path == self.poll_path:
            *others, channel = recording("discord/channels.json")
            last = max((item["id"] for item in self._messages()), key=number, default=None)
            return httpx.Response(200, json=[*others, {**channel, "last_message_id": last}])
        fixed = {
            f"{API}/users/@me": "me",
            f"{API}/applications/@me": "application",
            GUILD: "guild",
            f"{GUILD}/threads/active": "threads",
            f"{CHANNEL}/threads/archived/public": "threads",
        }
        missing = httpx.Response(404, json={"message": "Unknown Channel", "code": 10003})
        return httpx.Response(200, json=recording(f"discord/{fixed[path]}.json")) if path in fixed else missing

    def _everything(self) -> list[Any]:
        return [item for page in self.pages or [self.items] for item in page]

    def _messages(self) -> list[Any]:
        found = {item["id"]: item for item in self._everything() if isinstance(item, dict) and number(item.get("id"))}
        return [*found.values(), *self.answers]

    def _page(self, query: httpx.QueryParams) -> list[Any]:
        """With `after` the oldest page behind it, else the latest; newest first in both. Nonsense is older than all."""
        if self.pages:
            # Pages of two, where the suite asks for several.
            self.monkeypatch.setattr(discord_poll, "PAGE", 2)
        found = sorted(self._messages(), key=lambda item: number(item["id"]))
        limit = 2 if self.pages else int(query["limit"])
        if "after" not in query:
            return found[-limit:][::-1]
        behind = [item for item in found if number(item["id"]) > int(query["after"])]
        nonsense = [item for item in self._everything() if not isinstance(item, dict) or not number(item.get("id"))]
        return [*behind[:limit][::-1], *(nonsense if query["after"] == "0" else [])]

    def named(self, item: Any, name: str) -> Any:
        newest = number(recording("discord/messages.json")[0]["id"])
        return {**item, "id": str(newest + 1 + int(name, 36) % 1_000_000_000)}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "content": text, "edited_timestamp": "2026-11-20T15:00:00.000000+00:00"}

    def marked(self, item: Any, source: str) -> Any:
        return {**self.worded(item, source), "mentions": [self.items[2]["author"]]}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "timestamp": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author": None}

    def broken(self, item: Any) -> Any:
        return {**item, "channel_id": None}

    def name_of(self, item: Any) -> str:
        return str(item["id"])

    def patience(self, seconds: int) -> httpx.Response:
        body = {"message": "You are being rate limited.", "retry_after": float(seconds), "global": False}
        return httpx.Response(429, json=body)

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"message": "401: Unauthorized", "code": 0})

    def refusal(self) -> httpx.Response:
        return httpx.Response(400, json={"message": "Invalid Form Body", "code": 50035})
