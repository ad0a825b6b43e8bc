"""One account on a Matrix server, in one public room."""

import json
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

import httpx
import pytest

from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording

API, ROOM, US = "/_matrix/client/v3", "!support:garten.example", "@brand:garten.example"
FILES = [
    "sync",
    "message_pagination",
    "room_send",
    "redaction",
    "banning",
    "account-data",
    "whoami",
    "rooms",
    "room_state",
    "report_content",
]


def _event_id(item: Any) -> str:
    name = item.get("event_id") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


class MatrixStage(Stage):
    kind = "matrix"
    no_metrics = "reactions are asked for by themselves"
    stream = "rooms"
    settings: ClassVar[dict[str, Any]] = {"server": "https://matrix.garten.example", "token": "syt_geheim_1"}
    host = "matrix.garten.example"
    poll_path = f"{API}/sync"
    too_long = "ü" * 15_001
    markup = (
        "> <@ilse:garten.example> Ist die Wochenansicht weg?\n> Wirklich?\n\nJa, seit gestern.",
        "Ja, seit gestern.",
    )
    no_authors = "Every event has a sender."
    official = tuple(
        OpenApi(f"matrix/data/api/client-server/{name}.yaml", at=f"https://matrix.garten.example{API}")
        for name in FILES
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.shown: dict[str, set[str]] = {}
        self.happened: list[Any] = []
        self.answers: list[Any] = []
        self.ignored: Any = None
        self.banned = False

    def recorded(self) -> list[Any]:
        return list(recording("matrix/events.json"))

    def forget(self) -> None:
        self.shown.clear()

    def is_send(self, request: httpx.Request) -> bool:
        return "/send/m.room.message/" in request.url.path

    send_path = f"{API}/rooms/{ROOM}/send/m.room.message/"

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix(API), request.url.params
        below = path.removeprefix(f"/rooms/{ROOM}/")
        if "/relations/" in path:
            return httpx.Response(200, json=self._reactions())
        if path == "/sync":
            return self._sync(query)
        if path == "/account/whoami":
            return httpx.Response(200, json={"user_id": US, "device_id": "TRELLIS", "is_guest": False})
        if path.endswith("/m.ignored_user_list"):
            return self._ignored(request)
        if below == "messages":
            return httpx.Response(200, json=self._back(query))
        if below.startswith("event/"):
            return self._one(below.removeprefix("event/"))
        if below.startswith("send/m.room.message/"):
            return self._sent(json.loads(request.content), below.rpartition("/")[2])
        if below.startswith("state/"):
            told = {"membership": "ban" if self.banned else "join"}
            return httpx.Response(200, json=told)
        if below in {"ban", "unban"}:
            self.banned = below == "ban"
            return httpx.Response(200, json={})
        if below.startswith("report/"):
            return httpx.Response(200, json={})
        return httpx.Response(200, json={"event_id": "$changed1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})

    def _reactions(self) -> Any:
        """Two signs of one person, one of them sent twice."""
        relation = {"rel_type": "m.annotation", "event_id": "$e"}
        event = {"type": "m.reaction", "sender": "@ana:garten.example", "room_id": ROOM, "origin_server_ts": 1}
        chunk = [
            {**event, "event_id": f"$reaction{place}", "content": {"m.relates_to": {**relation, "key": key}}}
            for place, key in enumerate(("👍", "🌱", "👍"))
        ]
        return {"chunk": chunk}

    def _ignored(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            self.ignored = json.loads(request.content)
            return httpx.Response(200, json={})
        missing = httpx.Response(404, json={"errcode": "M_NOT_FOUND", "error": "Account data not found"})
        return httpx.Response(200, json=self.ignored) if self.ignored else missing

    def _pages(self, seen: set[str] | None) -> list[list[Any]]:
        """What was not seen, newest first; every event once. Nonsense has no id: it is shown to newcomers."""
        given = set(seen or ())
        pages = []
        for page in self.pages or [self.items]:
            fresh = [each for each in page if (name := _event_id(each)) not in given and (name or seen is None)]
            given |= set(map(_event_id, fresh))
            pages.append(fresh)
        return pages

    def _sync(self, query: httpx.QueryParams) -> httpx.Response:
        seen = self.shown.get(query["since"]) if "since" in query else None
        if "since" in query and seen is None:
            return httpx.Response(400, json={"errcode": "M_UNKNOWN", "error": "Invalid stream token"})
        first, *others = self._pages(seen)
        news = [each for each in [*self.happened, *self.answers] if each["event_id"] not in (seen or set())]
        token = f"s{len(self.shown) + 1}"
        self.shown[token] = {*(seen or ()), *map(_event_id, [*first, *news, *(e for page in others for e in page)])}
        is_limited = any(others)
        timeline = {"events": [*first[::-1], *news], "limited": is_limited, "prev_batch": "p1"}
        state = [] if "since" in query else recording("matrix/state.json")
        room = {"timeline": timeline, "state": {"events": state}}
        joined = {ROOM: room} if timeline["events"] or is_limited or state else {}
        return httpx.Response(200, json={"next_batch": token, "rooms": {"join": joined}})

    def _back(self, query: httpx.QueryParams) -> Any:
        if "from" not in query:
            everything = [*self.answers, *(each for page in self._pages(None) for each in page)]
            return {"start": "p0", "chunk": [{**each, "room_id": ROOM} for each in everything]}
        number = int(query["from"].removeprefix("p"))
        pages = self._pages(self.shown.get(query["to"]) if "to" in query else None)
        chunk = pages[number] if number < len(pages) else []
        further = {"end": f"p{number + 1}"} if number + 1 < len(pages) else {}
        return {"start": query["from"], "chunk": [_placed(each) for each in chunk], **further}

    def _one(self, name: str) -> httpx.Response:
        found = [each for page in self.pages or [self.items] for each in page if _event_id(each) == unquote(name)]
        missing = httpx.Response(404, json={"errcode": "M_NOT_FOUND", "error": "Event not found."})
        return httpx.Response(200, json=_placed(found[0])) if found else missing

    def _sent(self, content: Any, key: str) -> httpx.Response:
        answer = {**self.items[0], "event_id": "$answer1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "sender": US}
        self.answers = [{**answer, "content": content, "origin_server_ts": 1_795_248_005_000}]
        self.answers[0]["unsigned"] = {"transaction_id": key}
        return httpx.Response(200, json={"event_id": self.answers[0]["event_id"]})

    def edit(self, index: int, text: str) -> None:
        item = self.items[index]
        relation = {"rel_type": "m.replace", "event_id": item["event_id"]}
        content = {"msgtype": "m.text", "body": f"* {text}", "m.new_content": {"msgtype": "m.text", "body": text}}
        self.happened.append({**self.named(item, "edit1"), "content": {**content, "m.relates_to": relation}})

    def delete(self, index: int) -> None:
        item = self.items.pop(index)
        content = {"redacts": item["event_id"], "reason": "spam"}
        self.happened.append({**self.named(item, "gone1"), "type": "m.room.redaction", "content": content})

    def named(self, item: Any, name: str) -> Any:
        return {**item, "event_id": f"${name}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "origin_server_ts": 1_795_190_000_000}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "content": {"msgtype": "m.text", "body": text}}

    def marked(self, item: Any, source: str) -> Any:
        answered = {"m.in_reply_to": {"event_id": self.items[2]["event_id"]}}
        return {**item, "content": {"msgtype": "m.text", "body": source, "m.relates_to": answered}}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "origin_server_ts": value}

    def moment(self, at: datetime) -> int:
        return int(at.timestamp() * 1000)

    def broken(self, item: Any) -> Any:
        return {**item, "content": None}

    def name_of(self, item: Any) -> str:
        return str(item["event_id"])

    def patience(self, seconds: int) -> httpx.Response:
        body = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": seconds * 1000}
        return httpx.Response(429, json=body)

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token."})

    def refusal(self) -> httpx.Response:
        return httpx.Response(413, json={"errcode": "M_TOO_LARGE", "error": "event too large"})


def _placed(event: Any) -> Any:
    return {**event, "room_id": ROOM} if isinstance(event, dict) else event
