"""One Slack workspace with one channel that the app was invited to."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from inbox.clock import now
from inbox.connectors.slack_read import moment_of, order
from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording

CHANNEL, SECRET = "C02SUPPORT", "8f742231b10e8888abcd99yyyzzz85a5"
TEAM = "T02TEAM01"


class Frozen(OpenApi):
    """Slack's description stopped in 2021: it wants the token in the address, and knows no edits and no marks."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        grown = ("the query lacks token", "Additional properties are not allowed", "[] has less than 1 item")
        found = super().problems(folder, request, path, response)
        return (problem for problem in found if not any(words in problem for words in grown))


class SlackStage(Stage):
    kind = "slack"
    no_answers = "each recorded message begins a thread of its own; test_slack tries an answer"
    stream = "messages"
    settings: ClassVar[dict[str, Any]] = {"token": "xoxb-1-2-geheim", "signing_secret": SECRET}
    host = "slack.com"
    poll_path = "/api/conversations.history"
    send_path = "/api/chat.postMessage"
    too_long = "x" * 4_001
    markup = (
        "Danke <@U02MARK02> &lt;3 <https://example.com/hilfe|hier> <!here> <https://example.com>",
        "Danke @Mark Oyelaran <3 hier (https://example.com/hilfe) @here https://example.com",
    )
    delivered_at_once = 1
    official = (
        Frozen(
            "slack/slack_web_openapi_v2_without_examples.json",
            at="https://slack.com/api",
            loose=dict.fromkeys(["channel_actions_ts", "channel_actions_count"], "Only Slack's own apps get it."),
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.answers: list[Any] = []
        self.liked = False

    def recorded(self) -> list[Any]:
        return list(recording("slack/messages.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        method, query = request.url.path.removeprefix("/api/"), request.url.params
        if method in {"reactions.add", "reactions.remove"}:
            wanted = method == "reactions.add"
            refused = {"ok": False, "error": "already_reacted" if wanted else "no_reaction"}
            answer, self.liked = (refused if self.liked == wanted else {"ok": True}), wanted
            return httpx.Response(200, json=answer)
        if method == "chat.postMessage":
            return httpx.Response(200, json=self._sent(json.loads(request.content)))
        if method == "conversations.history":
            return httpx.Response(200, json=self._history(query))
        if method == "conversations.replies":
            return httpx.Response(200, json=self._replies(query))
        if method == "users.info":
            return httpx.Response(200, json=recording("slack/people.json")[query["user"]])
        scopes = {"x-oauth-scopes": ",".join(self.connector().manifest("")["oauth_config"]["scopes"]["bot"])}
        fixed = {"auth.test": "auth", "users.conversations": "channels"}
        return httpx.Response(200, json=recording(f"slack/{fixed[method]}.json"), headers=scopes)

    def _sent(self, body: Any) -> Any:
        answer = recording("slack/sent.json")
        # Slack makes links of addresses.
        text = " ".join(f"<{word}>" if word.startswith("https://") else word for word in body["text"].split(" "))
        answer["message"].update(text=text, thread_ts=body["thread_ts"])
        self.answers = [answer["message"]]
        return answer

    def _everything(self) -> list[Any]:
        return [item for page in self.pages or [self.items] for item in page]

    def _messages(self) -> list[Any]:
        found = {item["ts"]: item for item in self._everything() if isinstance(item, dict) and _is_ts(item.get("ts"))}
        return sorted(found.values(), key=lambda item: order(item["ts"]), reverse=True)

    def _history(self, query: httpx.QueryParams) -> Any:
        """Newest first, between both bounds; a mark leads on. Nonsense is older than all."""
        latest, is_inclusive = query.get("latest", "9999999999.000000"), query.get("inclusive") == "true"
        found = (
            [each for each in self._messages() if _between(each["ts"], query["oldest"], latest, is_inclusive)]
            if "oldest" in query
            else self._messages()
        )
        found = [each for each in found if "cursor" not in query or order(each["ts"]) < order(query["cursor"])]
        limit = 2 if self.pages and "inclusive" not in query else int(query["limit"])
        page, rest = found[:limit], found[limit:]
        if query.get("oldest") == "0" and not rest:
            page += [item for item in self._everything() if not isinstance(item, dict) or not _is_ts(item.get("ts"))]
        more = {"response_metadata": {"next_cursor": page[-1]["ts"]}} if rest else {}
        return {"ok": True, "messages": page, "has_more": bool(rest), "pin_count": 0, **more}

    def _replies(self, query: httpx.QueryParams) -> Any:
        above = [each for each in self._messages() if each["ts"] == query["ts"]]
        if not above:
            return {"ok": False, "error": "thread_not_found"}
        below = [each for each in self.answers if each["thread_ts"] == query["ts"]]
        return {"ok": True, "messages": [*above, *below], "has_more": False}

    def named(self, item: Any, name: str) -> Any:
        newest = recording("slack/messages.json")[0]["ts"]
        return {**item, "ts": f"{int(newest.partition('.')[0]) + 60}.{int(name, 36) % 1_000_000:06d}"}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "text": text, "edited": {"user": item["user"], "ts": "1763650800.000000"}}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "ts": value}

    def moment(self, at: datetime) -> str:
        return f"{at.timestamp():.6f}"

    def anonymous(self, item: Any) -> Any:
        return {**item, "user": None}

    def broken(self, item: Any) -> Any:
        return {**item, "ts": "unknown"}

    def name_of(self, item: Any) -> str:
        return f"{CHANNEL}:{item['ts']}"

    def patience(self, seconds: int) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": str(seconds)}, json={"ok": False, "error": "ratelimited"})

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(200, json={"ok": False, "error": "token_revoked"})

    def refusal(self) -> httpx.Response:
        return httpx.Response(200, json={"ok": False, "error": "msg_blocks_too_long"})

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        event = {**items[0], "channel": CHANNEL, "channel_type": "channel", "event_ts": items[0]["ts"]}
        return self.signed({"type": "event_callback", "team_id": TEAM, "event": event}, at=at, forged=forged)

    def signed(self, sent: Any, *, at: datetime | None = None, forged: bool = False) -> tuple[dict[str, str], bytes]:
        """Headers and body of a delivery."""
        body, time = json.dumps(sent).encode(), str(int((at or now()).timestamp()))
        key = b"another" if forged else SECRET.encode()
        mark = hmac.new(key, b"v0:" + time.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": time, "X-Slack-Signature": f"v0={mark}"}, body


def _is_ts(value: Any) -> bool:
    return isinstance(value, str) and moment_of(value) is not None


def _between(ts: str, oldest: str, latest: str, is_inclusive: bool) -> bool:
    low, at, high = order(oldest), order(ts), order(latest)
    return low <= at <= high if is_inclusive else low < at < high
