"""A repository on GitHub: comments on its issues by REST, the rest by GraphQL, and its webhook."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors import github
from tests.contract.official_graphql import GraphQl
from tests.contract.official_openapi import OpenApi
from tests.contract.stage import Stage, recording

SECRET = "hook-secret"
API, REPOSITORY = "https://api.github.com", "/repos/garden/app"
PAGE = {"endCursor": None, "hasNextPage": False}


class GitHubStage(Stage):
    kind = "github"
    stream = "comments"
    settings: ClassVar[dict[str, Any]] = {
        "repository": "garden/app",
        "token": "github_pat_1",
        "webhook_secret": SECRET,
    }
    host = "api.github.com"
    poll_path = f"{REPOSITORY}/issues/comments"
    send_path = f"{REPOSITORY}/issues/42/comments"
    too_long = "x" * 65_537
    markup = (
        "Danke [hier](https://a.example/x)\r\n<!-- Vorlage:\nbitte ausfüllen -->\r\n\r\n> alt\r\n\r\nAna",
        "Danke hier (https://a.example/x)\n\nAna",
    )
    delivered_at_once = 1
    no_signed_time = "GitHub signs the body alone"
    lengths: ClassVar[dict[str, int]] = {"*wichtig*": len(r"\*wichtig\*"), "# 1": len(r"\# 1")}
    official = (
        OpenApi("github/api.github.com.cut.json", at=API, beyond={"/graphql": "it has a contract of its own"}),
        GraphQl("github/schema.graphql.gz", at=f"{API}/graphql"),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.monkeypatch = monkeypatch
        self.answers: list[Any] = []
        self.discussions: list[Any] = recording("github/discussions.json")
        self.remarks: dict[str, list[Any]] = {"D_9": recording("github/discussion_comments.json")}

    def recorded(self) -> list[Any]:
        return list(recording("github/comments.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/graphql":
            asked = json.loads(request.content)
            return httpx.Response(200, json=self._graphql(asked["query"], asked["variables"]))
        if path == self.send_path and request.method == "POST":
            body = json.loads(request.content)["body"].replace("\\", "")
            self.answers = [{**recording("github/comment_sent.json"), "body": body}]
            return httpx.Response(201, json=self.answers[0])
        if "/blocks/" in path:
            return httpx.Response(204)
        if path == self.send_path:
            return httpx.Response(200, json=[item for item in self._comments() if item["issue_url"].endswith("/42")])
        if path == self.poll_path:
            return self._page(request)
        fixed = {REPOSITORY: recording("github/repository.json"), "/user": {**self._us(), "login": "gardener"}}
        fixed[f"{REPOSITORY}/issues"] = [recording("github/issue_open.json")]
        missing = httpx.Response(404, json={"message": "Not Found", "documentation_url": "https://docs.github.com"})
        return httpx.Response(200, json=fixed[path]) if path in fixed else missing

    def _us(self) -> Any:
        return recording("github/public_user.json")

    def _comments(self) -> list[Any]:
        everything = [item for page in self.pages or [self.items] for item in page]
        found = {item["id"]: item for item in everything if isinstance(item, dict) and isinstance(item.get("id"), int)}
        return [*found.values(), *self.answers]

    def _changes(self) -> list[Any]:
        """What the stream is about."""
        return self._comments()

    def _page(self, request: httpx.Request) -> httpx.Response:
        """What changed at the moment asked for or later, oldest first; what has no moment stands in front."""
        if self.pages:
            # Pages of two, where the suite asks for several.
            self.monkeypatch.setattr(github, "PAGE", 2)
        query = request.url.params
        everything = [item for page in self.pages or [self.items] for item in page]
        nonsense = [item for item in everything if not isinstance(item, dict) or "updated_at" not in item]
        since, known = query.get("since", ""), [item for item in self._changes() if "updated_at" in item]
        found = sorted((item for item in known if _stamp(item) >= since or not since), key=_stamp)
        found = [*([] if since else nonsense), *found]
        size, number = (2 if self.pages else int(query["per_page"])), int(query.get("page", 1))
        address = request.url.copy_set_param("page", number + 1)
        link = {"Link": f'<{address}>; rel="next"'} if number * size < len(found) else {}
        return httpx.Response(200, json=found[(number - 1) * size : number * size], headers=link)

    def _graphql(self, query: str, variables: Any) -> Any:
        if "nodes(ids:" in query:
            nodes = [self._node(identity) for identity in variables["ids"]]
            missing = [{"type": "NOT_FOUND", "message": "Could not resolve to a node"}] if None in nodes else []
            return {"data": {"nodes": nodes}, **({"errors": missing} if missing else {})}
        if "discussions(" in query:
            shown = {"nodes": self.discussions, "pageInfo": PAGE}
            return {"data": {"repository": {"discussions": shown}}}
        if "comments(first" in query:
            return {"data": {"node": {"comments": {"nodes": self.remarks.get(variables["id"], []), "pageInfo": PAGE}}}}
        if "addDiscussionComment" in query:
            return {"data": {"addDiscussionComment": {"comment": self._remarked(variables["body"])}}}
        if query.startswith("mutation"):
            return {"data": {"done": {"clientMutationId": None}}}
        if "locked" in query:
            return {"data": {"node": {"issue": {"id": "I_42", "locked": False}, "pullRequest": None}}}
        inner = {"id": variables["id"], "replyTo": None, "discussion": {"id": "D_9"}}
        return {"data": {"node": inner if variables["id"].startswith("DC_") else {"id": variables["id"]}}}

    def _remarked(self, body: str) -> Any:
        author = {"__typename": "User", "login": "gardener", "databaseId": 7}
        first = self.remarks["D_9"][0]
        moments = dict.fromkeys(("createdAt", "updatedAt"), "2026-11-21T08:00:02Z")
        sent = {**first, **moments, "id": "DC_7110", "databaseId": 7110, "author": author, "body": body}
        self.remarks["D_9"] = [*self.remarks["D_9"], sent]
        return {"databaseId": 7110, "url": first["url"]}

    def _node(self, identity: str) -> Any:
        item = next((item for item in self._comments() if item.get("node_id") == identity), None)
        if item is None:
            return None
        names = {"body": "body", "url": "html_url", "createdAt": "created_at", "updatedAt": "updated_at"}
        author = {"__typename": "User", "login": item["user"]["login"], "databaseId": item["user"]["id"]}
        fields = {name: item[field] for name, field in names.items()}
        reactions = {"totalCount": item.get("reactions", {}).get("total_count", 0)}
        return {
            "id": identity,
            "databaseId": item["id"],
            "author": author,
            "lastEditedAt": None,
            "reactions": reactions,
            **fields,
        }

    def named(self, item: Any, name: str) -> Any:
        number = int(name, 36) % 1_000
        moments = dict.fromkeys(("created_at", "updated_at"), f"2026-11-20T13:{number // 60:02}:{number % 60:02}Z")
        return {**item, "id": 6_000 + number, "node_id": f"IC_{6_000 + number}", **moments}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "body": text, "updated_at": "2026-11-20T15:00:00Z"}

    def moment(self, at: datetime) -> Any:
        return f"{at:%Y-%m-%dT%H:%M:%SZ}"

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value, "updated_at": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "user": None}

    def broken(self, item: Any) -> Any:
        return {**item, "issue_url": None}

    def name_of(self, item: Any) -> str:
        return f"comment-{item['id']}"

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        issue = recording("github/issue_open.json")
        number = int(items[0]["issue_url"].rpartition("/")[2])
        told = {"action": "created", "issue": {**issue, "number": number}, "comment": items[0]}
        body = json.dumps({**told, "repository": {"full_name": "garden/app", "private": False}}).encode()
        signature = hmac.new(b"other" if forged else SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"X-GitHub-Event": "issue_comment", "X-Hub-Signature-256": f"sha256={signature}"}, body

    def patience(self, seconds: int) -> httpx.Response:
        """The secondary limit: a 403 that is no missing right."""
        words = {"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com"}
        return httpx.Response(403, headers={"Retry-After": str(seconds)}, json=words)

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"message": "Bad credentials", "documentation_url": "https://docs.github.com"})

    def refusal(self) -> httpx.Response:
        return httpx.Response(422, json={"message": "Validation Failed", "errors": [{"code": "unprocessable"}]})


def _stamp(item: Any) -> str:
    return str(item["updated_at"])
