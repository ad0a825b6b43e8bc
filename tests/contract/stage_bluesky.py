"""Bluesky, as it was recorded."""

import json
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.official_lexicon import Lexicons
from tests.contract.stage import Stage, recording

CID = "bafyreibeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
OUR_DID = recording("bluesky/session.json")["did"]


class BlueskyStage(Stage):
    kind = "bluesky"
    stream = "notifications"
    settings: ClassVar[dict[str, Any]] = {"identifier": "@brand.example", "app_password": "abcd-efgh"}
    host = "oyster.host.example"
    poll_path = "/xrpc/app.bsky.notification.listNotifications"
    send_path = "/xrpc/com.atproto.repo.createRecord"
    too_long = "👩‍👩‍👧" * 301
    no_markup = "posts are plain text with facets beside it"
    lengths: ClassVar[dict[str, int]] = {"https://example.com": 19}
    official = (
        Lexicons("bluesky/lexicons", at="https://bsky.social"),
        Lexicons("bluesky/lexicons", at="https://oyster.host.example"),
    )

    def recorded(self) -> list[Any]:
        return list(recording("bluesky/notifications.json")["notifications"])

    def is_ours(self, request: httpx.Request) -> bool:
        return super().is_ours(request) or request.url.host == "bsky.social"

    def route(self, request: httpx.Request) -> httpx.Response:
        method, query = request.url.path.removeprefix("/xrpc/"), request.url.params
        if method in {"com.atproto.server.createSession", "com.atproto.server.refreshSession"}:
            return httpx.Response(200, json=recording("bluesky/session.json"))
        if method == "com.atproto.repo.createRecord":
            body = json.loads(request.content)
            self.sent_key = body["rkey"]
            return httpx.Response(200, json=self._sent(body["rkey"]))
        if method == "com.atproto.repo.getRecord":
            return self._record(query)
        if method == "app.bsky.feed.getPosts":
            wanted = query.get_list("uris")
            return httpx.Response(200, json={"posts": [view for view in self._views() if view["uri"] in wanted]})
        if method == "app.bsky.notification.listNotifications":
            pages, number = self.pages or [self.items], int(query.get("cursor") or 0)
            more = {"cursor": str(number + 1)} if number + 1 < len(pages) else {}
            return httpx.Response(200, json={"notifications": pages[number], **more})
        if method == "app.bsky.feed.getAuthorFeed":
            return httpx.Response(200, json=recording("bluesky/author_feed.json"))
        if method == "app.bsky.feed.getPostThread":
            return httpx.Response(200, json=recording("bluesky/thread.json"))
        return self._acted(request, method)

    def _acted(self, request: httpx.Request, method: str) -> httpx.Response:
        """What can be done about others: records put and deleted, mutes, reports."""
        if request.method == "GET" and method == "app.bsky.actor.getProfile":
            blocked = next((uri for uri in self.records if "app.bsky.graph.block" in uri), None)
            viewer = {"muted": False, "blockedBy": False, **({"blocking": blocked} if blocked else {})}
            profile = {"did": request.url.params["actor"], "handle": "ana.example", "viewer": viewer}
            return httpx.Response(200, json=profile)
        if request.method != "POST":
            return httpx.Response(501, json={"error": "MethodNotImplemented", "message": "Method Not Implemented"})
        body = json.loads(request.content)
        if method in {"com.atproto.repo.putRecord", "com.atproto.repo.deleteRecord"}:
            uri = f"at://{body['repo']}/{body['collection']}/{body['rkey']}"
            self.records.pop(uri, None)
            if method.endswith("deleteRecord"):
                return httpx.Response(200, json={})
            self.records[uri] = body["record"]
            return httpx.Response(200, json={"uri": uri, "cid": CID, "validationStatus": "valid"})
        if method in {"app.bsky.graph.muteActor", "app.bsky.graph.unmuteActor"}:
            return httpx.Response(200)
        if method == "com.atproto.moderation.createReport":
            report = {"id": 7, "createdAt": "2026-11-21T08:00:00.000Z", "reportedBy": body.get("reportedBy", OUR_DID)}
            return httpx.Response(200, json={**report, **{name: body[name] for name in ("reasonType", "subject")}})
        return httpx.Response(501, json={"error": "MethodNotImplemented", "message": "Method Not Implemented"})

    sent_key = ""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.records: dict[str, Any] = {}

    def _sent(self, key: str) -> Any:
        return json.loads(json.dumps(recording("bluesky/record_sent.json")).replace("KEY", key))

    def _record(self, query: httpx.QueryParams) -> httpx.Response:
        uri = f"at://{query['repo']}/{query['collection']}/{query['rkey']}"
        if uri in self.records:
            return httpx.Response(200, json={"uri": uri, "cid": CID, "value": self.records[uri]})
        there = [view for view in self._views() if view["uri"] == uri]
        if self.sent_key and query["rkey"] == self.sent_key:
            return httpx.Response(200, json={**self._sent(self.sent_key), "value": {}})
        if there:
            return httpx.Response(200, json={"uri": uri, "cid": there[0]["cid"], "value": there[0]["record"]})
        message = f"Could not locate record: {uri}"
        return httpx.Response(400, json={"error": "RecordNotFound", "message": message})

    def _views(self) -> list[Any]:
        """Views of the items as they are now; what was taken out of the items is gone."""
        items = [item for page in self.pages or [self.items] for item in page]
        items = [item for item in items if isinstance(item, dict) and isinstance(item.get("uri"), str)]
        known = {view["uri"]: view for view in recording("bluesky/posts.json")["posts"]}
        ours = {uri: view for uri, view in known.items() if "root" in uri or "other" in uri}
        return [*ours.values(), *({**known.get(item["uri"], {}), **_without_embed(item)} for item in items)]

    def named(self, item: Any, name: str) -> Any:
        return {**item, "uri": item["uri"].rpartition("/")[0] + "/" + name}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "cid": "bafyreibz", "record": {**item["record"], "text": text, "facets": []}}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "indexedAt": value, "record": {**item["record"], "createdAt": value}}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author": None}

    def broken(self, item: Any) -> Any:
        return {**item, "record": None}

    def name_of(self, item: Any) -> str:
        return str(item["uri"])


def _without_embed(item: Any) -> Any:
    return {name: value for name, value in item.items() if name not in {"reason", "reasonSubject", "isRead"}}
