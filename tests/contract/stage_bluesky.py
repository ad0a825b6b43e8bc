"""Bluesky, as it was recorded."""

import json
from typing import Any, ClassVar

import httpx

from tests.contract.stage import Stage, recording


class BlueskyStage(Stage):
    kind = "bluesky"
    stream = "notifications"
    settings: ClassVar[dict[str, Any]] = {"identifier": "@brand.example", "app_password": "abcd-efgh"}
    host = "oyster.host.example"
    poll_path = "/xrpc/app.bsky.notification.listNotifications"
    send_path = "/xrpc/com.atproto.repo.createRecord"
    too_long = "👩‍👩‍👧" * 301

    def recorded(self) -> list[Any]:
        return list(recording("bluesky/notifications.json")["notifications"])

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "bsky.social" and request.url.path == "/xrpc/com.atproto.server.createSession":
            request.read()
            self.requests.append(request)
            return httpx.Response(200, json=recording("bluesky/session.json"), request=request)
        return super().answer(request)

    def route(self, request: httpx.Request) -> httpx.Response:
        method, query = request.url.path.removeprefix("/xrpc/"), request.url.params
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
        return httpx.Response(501, json={"error": "MethodNotImplemented", "message": "Method Not Implemented"})

    sent_key = ""

    def _sent(self, key: str) -> Any:
        return json.loads(json.dumps(recording("bluesky/record_sent.json")).replace("KEY", key))

    def _record(self, query: httpx.QueryParams) -> httpx.Response:
        uri = f"at://{query['repo']}/{query['collection']}/{query['rkey']}"
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
