"""An app's reviews, as App Store Connect shows them to its developer."""

import copy
import json
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.stage import Stage, recording
from tests.contract.store_keys import ELLIPTIC, pem

APP = "1234567890"
REVIEWS = f"/v1/apps/{APP}/customerReviews"


class AppStoreConnectStage(Stage):
    kind = "app_store_connect"
    stream = "reviews"
    settings: ClassVar[dict[str, Any]] = {
        "app": APP,
        "issuer_id": "57246542-96fe-1a63-e053-0824d011072a",
        "key_id": "2X9R4HXF34",
        "private_key": pem(ELLIPTIC),
    }
    host = "api.appstoreconnect.apple.com"
    poll_path = REVIEWS
    send_path = "/v1/customerReviewResponses"
    too_long = "x" * 5_971
    no_markup = "reviews are plain text"
    no_official = "Apple's description may not be passed on"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.answers: dict[str, Any] = {"00000018-903": recording("app_store_connect/responses.json")[0]}

    def recorded(self) -> list[Any]:
        return list(recording("app_store_connect/reviews.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST":
            return self._answered(json.loads(request.content)["data"])
        if path == f"/v1/apps/{APP}":
            return httpx.Response(200, json=recording("app_store_connect/app.json"))
        if path == REVIEWS:
            pages, number = self.pages or [self.items], int(query.get("cursor") or 0)
            further = {"next": f"https://{self.host}{REVIEWS}?cursor={number + 1}&limit=200"}
            links = {"self": str(request.url), **(further if number + 1 < len(pages) else {})}
            rows = {"data": pages[number], "included": list(self.answers.values()), "links": links}
            return httpx.Response(200, json=rows)
        name, _, edge = path.removeprefix("/v1/customerReviews/").partition("/")
        if edge == "response":
            found = self.answers.get(name)
            return httpx.Response(200, json={"data": found}) if found else self._said(404, "NOT_FOUND")
        rows = [item for page in self.pages or [self.items] for item in page if isinstance(item, dict)]
        rows = [row for row in rows if row.get("id") == name]
        included = {"included": list(self.answers.values())}
        return httpx.Response(200, json={"data": rows[0], **included}) if rows else self._said(404, "NOT_FOUND")

    def _answered(self, data: Any) -> httpx.Response:
        said = {"responseBody": data["attributes"]["responseBody"], "lastModifiedDate": "2026-11-21T08:00:05Z"}
        row = {
            "type": "customerReviewResponses",
            "id": "00000019-2",
            "attributes": {**said, "state": "PENDING_PUBLISH"},
        }
        self.answers[data["relationships"]["review"]["data"]["id"]] = row
        return httpx.Response(201, json={"data": row})

    def _with(self, item: Any, **change: Any) -> Any:
        item = copy.deepcopy(item)
        item["attributes"] |= change
        return item

    def named(self, item: Any, name: str) -> Any:
        return {**copy.deepcopy(item), "id": name}

    def worded(self, item: Any, text: str) -> Any:
        return self._with(item, body=text)

    def dated(self, item: Any, value: Any) -> Any:
        return self._with(item, createdDate=value)

    def anonymous(self, item: Any) -> Any:
        return self._with(item, reviewerNickname=None)

    def broken(self, item: Any) -> Any:
        return self._with(item, body=None)

    def name_of(self, item: Any) -> str:
        return str(item["id"])

    def patience(self, seconds: int) -> httpx.Response:
        answer = self._said(429, "RATE_LIMIT_EXCEEDED")
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def unauthorised(self) -> httpx.Response:
        return self._said(401, "NOT_AUTHORIZED")

    def refusal(self) -> httpx.Response:
        return self._said(409, "ENTITY_ERROR")

    def _said(self, status: int, code: str) -> httpx.Response:
        told = {"id": "1", "status": str(status), "code": code, "title": "No.", "detail": "This is the reason."}
        return httpx.Response(status, json={"errors": [told]})
