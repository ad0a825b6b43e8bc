"""What each platform looks like from here, played from recordings: one stage per kind, so that one suite fits all."""

import copy
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors.contract import ChannelConnector, IncomingMessage, OutgoingReply, Surroundings
from inbox.connectors.registry import channel_connector

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
Answer = Callable[[httpx.Request], httpx.Response]


def recording(path: str) -> Any:
    """A recording: JSON as it is, XML as text."""
    text = (RECORDINGS / path).read_text(encoding="utf-8")
    return json.loads(text) if path.endswith(".json") else text


class Remembering:
    """The memory of one connection, as long as the test lives."""

    def __init__(self, **state: Any) -> None:
        self.state: dict[str, Any] = state

    def load(self) -> dict[str, Any]:
        return copy.deepcopy(self.state)

    def save(self, state: Mapping[str, Any]) -> None:
        self.state = dict(copy.deepcopy(dict(state)))


class Stage(ABC):
    """A platform that answers from `routes`; `upset`, if given, answers instead for the paths that matter."""

    kind: ClassVar[str]
    stream: ClassVar[str]
    settings: ClassVar[dict[str, Any]]
    host: ClassVar[str]
    poll_path: ClassVar[str]
    send_path: ClassVar[str] = ""
    has_pages: ClassVar[bool] = True
    has_authors: ClassVar[bool] = True
    too_long: ClassVar[str] = ""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[httpx.Request] = []
        self.memory = Remembering()
        self.items: list[Any] = self.recorded()
        self.pages: list[list[Any]] | None = None
        self.upset: Answer | None = None
        self.upset_paths = {self.poll_path}
        self.sent: OutgoingReply | None = None
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda _self, request: self.answer(request))

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if self.upset and request.url.path in self.upset_paths:
            response = self.upset(request)
        elif request.url.host != self.host:
            response = httpx.Response(404)
        else:
            response = self.route(request)
        response.request = request
        return response

    def connector(self) -> ChannelConnector:
        kind = channel_connector(self.kind)
        return kind(kind.setup(**self.settings), Surroundings(self.memory))

    def reply_to(self, message: IncomingMessage, text: str = "Unter Menü, Plan.") -> OutgoingReply:
        return OutgoingReply(
            key="delivery-1",
            text=text,
            thread_id=message.thread_id,
            parent_id=message.external_id,
            parent_handle=message.reply_handle,
            language="de",
            created_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
        )

    @abstractmethod
    def recorded(self) -> list[Any]:
        """The items, newest first."""

    @abstractmethod
    def route(self, request: httpx.Request) -> httpx.Response:
        """What the platform answers when all is well."""

    # ── the same item, changed ──
    @abstractmethod
    def named(self, item: Any, name: str) -> Any:
        """Another item of the same kind."""

    @abstractmethod
    def worded(self, item: Any, text: str) -> Any:
        """The item with other words."""

    @abstractmethod
    def dated(self, item: Any, value: Any) -> Any:
        """The item with another time, or what claims to be one."""

    @abstractmethod
    def broken(self, item: Any) -> Any:
        """An item that cannot be read."""

    @abstractmethod
    def name_of(self, item: Any) -> str:
        """The external id its message must have."""

    def anonymous(self, item: Any) -> Any:
        """The item without an author."""
        return item


class MastodonStage(Stage):
    kind = "mastodon"
    stream = "mentions"
    settings: ClassVar[dict[str, Any]] = {"server": "garten.example", "access_token": "token-1"}
    host = "garten.example"
    poll_path = "/api/v1/notifications"
    send_path = "/api/v1/statuses"
    too_long = "x" * 501

    def recorded(self) -> list[Any]:
        return list(recording("mastodon/notifications.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
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
        return {**item, "status": {**item["status"], "content": f"<p>{text}</p>", "edited_at": "2026-11-20T15:00:00Z"}}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value, "status": {**item["status"], "created_at": value}}

    def anonymous(self, item: Any) -> Any:
        return {**item, "account": None, "status": {**item["status"], "account": None}}

    def broken(self, item: Any) -> Any:
        return {**item, "status": {**item["status"], "id": None}}

    def name_of(self, item: Any) -> str:
        return str(item["status"]["id"])


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


class RssStage(Stage):
    kind = "rss"
    stream = "entries"
    settings: ClassVar[dict[str, Any]] = {"url": "https://forum.example/feed", "user": "ana", "password": "hunter2"}
    host = "forum.example"
    poll_path = "/feed"
    has_pages = False
    has_authors = False  # feeds mostly do not say who wrote

    def recorded(self) -> list[Any]:
        return list(recording("rss/items.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        content = recording("rss/feed.xml").replace("<!--ITEMS-->", "\n".join(self.items))
        return httpx.Response(200, text=content, headers={"Content-Type": "application/rss+xml"})

    def named(self, item: Any, name: str) -> Any:
        return f"<item><title>More</title><guid>{name}</guid><pubDate>Fri, 20 Nov 2026 13:00:00 GMT</pubDate></item>"

    def worded(self, item: Any, text: str) -> Any:
        item = re.sub("<content:encoded>.*</content:encoded>", "", item)
        before, _, rest = item.partition("<description>")
        return before + f"<description>{text}</description>" + rest.partition("</description>")[2]

    def dated(self, item: Any, value: Any) -> Any:
        before, _, rest = item.partition("<pubDate>")
        return before + f"<pubDate>{value}</pubDate>" + rest.partition("</pubDate>")[2]

    def broken(self, item: Any) -> Any:
        return "<item><guid>nothing</guid></item>"

    def name_of(self, item: Any) -> str:
        return str(item.partition("<guid>")[2].partition("</guid>")[0])


def _without_embed(item: Any) -> Any:
    return {name: value for name, value in item.items() if name not in {"reason", "reasonSubject", "isRead"}}


STAGES: dict[str, type[Stage]] = {stage.kind: stage for stage in (MastodonStage, BlueskyStage, RssStage)}
SENDING = [kind for kind, stage in STAGES.items() if stage.send_path]
PAGED = [kind for kind, stage in STAGES.items() if stage.has_pages]
