"""A company page's comments, as LinkedIn's Community Management API shows them."""

import copy
import json
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

import httpx
import pytest

from tests.contract.stage import Stage, recording

US = "urn:li:organization:24681012"
POST, QUIET = "urn:li:share:7397000000000000099", "urn:li:ugcPost:7396000000000000050"
THING = "urn:li:activity:7397000000000000100"
LAST = f"urn:li:comment:({THING},7397200000000000901)"
SCOPES = ["r_organization_social", "r_organization_social_feed", "w_organization_social_feed", "rw_organization_admin"]


class LinkedInStage(Stage):
    kind = "linkedin"
    stream = "comments"
    settings: ClassVar[dict[str, Any]] = {
        "client_id": "86abcdefghijkl",
        "client_secret": "WPL_AP1.abcdef",
        "organization_id": "24681012",
    }
    host = "api.linkedin.com"
    poll_path = f"/rest/socialActions/{POST}/comments"
    send_path = f"/rest/socialActions/{LAST}/comments"
    too_long = "x" * 1_251
    no_markup = "comments are plain text"
    no_official = "LinkedIn publishes none"
    tells_when = False
    pages_are_counted = True

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.memory.save({"tokens": {"access_token": "token-1", "refresh_token": "refresh-1", "scopes": SCOPES}})
        self.answers: list[Any] = []
        self.deleted: set[str] = set()

    def recorded(self) -> list[Any]:
        return list(recording("linkedin/comments.json"))

    def is_poll(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path in {self.poll_path, "/rest/posts", "/rest/socialMetadata"}

    def route(self, request: httpx.Request) -> httpx.Response:
        # LinkedIn answers 400 to calls without these.
        assert request.headers["LinkedIn-Version"] == "202607"
        assert request.headers["X-Restli-Protocol-Version"] == "2.0.0"
        path = request.url.path.removeprefix("/rest")
        if path == "/posts":
            assert request.url.params["author"] == US
            return httpx.Response(200, json=recording("linkedin/posts.json"))
        if path == "/socialMetadata":
            return httpx.Response(200, json=self._counts(request.url.query.decode()))
        if path.startswith("/organizations/"):
            return httpx.Response(200, json=recording("linkedin/organization.json"))
        below, _, number = path.removeprefix("/socialActions/").partition("/comments")
        if request.method == "POST":
            return self._answered(below, json.loads(request.content))
        if request.method == "DELETE":
            return self._deleted(number.removeprefix("/"), request)
        return self._one(number.removeprefix("/")) if number else self._listed(below, request.url.params)

    def _counts(self, query: str) -> Any:
        # The brackets and commas of a list are its own; what stands in it is quoted.
        asked = query.removeprefix("ids=List(").removesuffix(")").split(",")
        assert all("(" not in name and ":" not in name for name in asked)
        counts = {POST: len(self._rows()) + len(self.answers), QUIET: 0}
        results = {name: {"commentSummary": {"count": counts[name]}, "entity": name} for name in map(unquote, asked)}
        return {"results": results, "statuses": {}, "errors": {}}

    def _rows(self) -> list[Any]:
        rows = [row for page in self.pages or [self.items] for row in page]
        return [row for row in rows if not isinstance(row, dict) or str(row.get("id")) not in self.deleted]

    def _listed(self, below: str, query: httpx.QueryParams) -> httpx.Response:
        start, links = int(query["start"]), []
        pages = self.pages or [self.items]
        if below == POST:
            rows = [self._counted(row) for row in pages[start // 100] if row in self._rows()]
            links = [{"rel": "next", "href": "/next", "type": "application/json"}] * (start // 100 + 1 < len(pages))
        else:
            rows = [row for row in self.answers if row["parentComment"] == below]
        return httpx.Response(200, json={"paging": {"start": start, "count": 100, "links": links}, "elements": rows})

    def _counted(self, row: Any) -> Any:
        if not isinstance(row, dict) or "commentUrn" not in row:
            return row
        answers = sum(answer["parentComment"] == row["commentUrn"] for answer in self.answers)
        return {**row, "commentsSummary": {"aggregatedTotalComments": answers, "totalFirstLevelComments": answers}}

    def _one(self, number: str) -> httpx.Response:
        rows = [row for row in [*self._rows(), *self.items, *self.answers] if isinstance(row, dict)]
        found = [row for row in rows if row.get("id") == number and number not in self.deleted]
        return httpx.Response(200, json=found[0]) if found else said(404, "NOT_FOUND")

    def _answered(self, below: str, body: Any) -> httpx.Response:
        assert body["parentComment"] == below
        number = f"73973000000000009{len(self.answers):02d}"
        stamp = {"actor": body["actor"], "time": self.moment(datetime.fromisoformat("2026-11-21T08:00:05+00:00"))}
        times = {"created": stamp, "lastModified": dict(stamp)}
        name = f"urn:li:comment:({body['object']},{number})"
        self.answers.append({**body, **times, "id": number, "commentUrn": name})
        return httpx.Response(201, headers={"x-restli-id": number}, json=self.answers[-1])

    def _deleted(self, number: str, request: httpx.Request) -> httpx.Response:
        assert request.url.params["actor"] == US
        if number in self.deleted:
            return said(404, "NOT_FOUND")
        self.deleted.add(number)
        return httpx.Response(204)

    def named(self, item: Any, name: str) -> Any:
        return {**item, "id": name, "commentUrn": f"urn:li:comment:({THING},{name})"}

    def worded(self, item: Any, text: str) -> Any:
        item = copy.deepcopy(item)
        item["message"]["text"] = text
        return item

    def dated(self, item: Any, value: Any) -> Any:
        stamp = {"actor": item["actor"], "time": value}
        return {**item, "created": stamp, "lastModified": dict(stamp)}

    def moment(self, at: datetime) -> Any:
        return int(at.timestamp() * 1_000)

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "actor"}

    def broken(self, item: Any) -> Any:
        return {**item, "message": {"attributes": [], "text": None}}

    def name_of(self, item: Any) -> str:
        return str(item["commentUrn"])

    def patience(self, seconds: int) -> httpx.Response:
        return said(429, "TOO_MANY_REQUESTS")

    def unauthorised(self) -> httpx.Response:
        return said(401, "EXPIRED_ACCESS_TOKEN")

    def refusal(self) -> httpx.Response:
        return said(400, "INVALID_FIELD")


def said(status: int, code: str) -> httpx.Response:
    """An error as LinkedIn writes it."""
    return httpx.Response(status, json={"status": status, "code": code, "serviceErrorCode": 100, "message": "No."})
