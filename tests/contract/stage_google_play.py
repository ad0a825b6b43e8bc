"""An app's reviews, as Google Play shows them to its developer."""

import copy
import json
from datetime import datetime
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.official_discovery import Discovery
from tests.contract.stage import Stage, recording
from tests.contract.store_keys import RSA, pem

REVIEWS = "/androidpublisher/v3/applications/de.garten.kalender/reviews"
KEY = {
    "type": "service_account",
    "private_key_id": "key-1",
    "private_key": pem(RSA),
    "client_email": "trellis@garten.iam.gserviceaccount.com",
}


class GooglePlayStage(Stage):
    kind = "google_play"
    stream = "reviews"
    settings: ClassVar[dict[str, Any]] = {"package": "de.garten.kalender", "service_account": json.dumps(KEY)}
    host = "androidpublisher.googleapis.com"
    poll_path = REVIEWS
    send_path = f"{REVIEWS}/gp%3AAOqp901:reply"
    too_long = "x" * 351
    no_markup = "reviews are plain text"
    official = (Discovery("google_play/androidpublisher.v3.json"),)

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.signatures: list[str] = []

    def is_send(self, request: httpx.Request) -> bool:
        return request.url.raw_path.decode() == self.send_path and request.method == "POST"

    def is_renewal(self, request: httpx.Request) -> bool:
        is_one = str(request.url) == "https://oauth2.googleapis.com/token"
        if is_one:
            self.signatures.append(dict(httpx.QueryParams(request.content.decode()))["assertion"])
        return is_one

    def fresh_tokens(self) -> dict[str, Any]:
        return {"access_token": f"ya29.{len(self.signatures)}", "expires_in": 3_599, "token_type": "Bearer"}

    def recorded(self) -> list[Any]:
        return list(recording("google_play/reviews.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        query, path = request.url.params, request.url.path
        if path == REVIEWS:
            pages, number = self.pages or [self.items], int(query.get("token") or 0)
            further = {"tokenPagination": {"nextPageToken": str(number + 1)}} if number + 1 < len(pages) else {}
            return httpx.Response(200, json={"reviews": pages[number], **further} if pages[number] else {})
        name = path.removeprefix(f"{REVIEWS}/").removesuffix(":reply")
        found = [item for item in self.items if isinstance(item, dict) and item.get("reviewId") == name]
        if not found:
            return httpx.Response(404, json={"error": {"code": 404, "message": "Review not found."}})
        if request.method == "POST":
            text, at = json.loads(request.content)["replyText"], {"seconds": "1795248005", "nanos": 0}
            found[0]["comments"] = [*found[0]["comments"][:1], {"developerComment": {"text": text, "lastModified": at}}]
            return httpx.Response(200, json={"result": {"replyText": text, "lastEdited": at}})
        return httpx.Response(200, json=found[0])

    def _with(self, item: Any, **change: Any) -> Any:
        item = copy.deepcopy(item)
        item["comments"][0]["userComment"] |= change
        return item

    def named(self, item: Any, name: str) -> Any:
        return {**copy.deepcopy(item), "reviewId": name}

    def worded(self, item: Any, text: str) -> Any:
        return self._with(item, text=f"\t{text}", lastModified={"seconds": "1795187000", "nanos": 0})

    def dated(self, item: Any, value: Any) -> Any:
        return self._with(item, lastModified={"seconds": value})

    def moment(self, at: datetime) -> Any:
        return str(int(at.timestamp()))

    def anonymous(self, item: Any) -> Any:
        return {name: value for name, value in item.items() if name != "authorName"}

    def broken(self, item: Any) -> Any:
        return self._with(item, text=None)

    def name_of(self, item: Any) -> str:
        return str(item["reviewId"])

    def unauthorised(self) -> httpx.Response:
        return self._said(401, "UNAUTHENTICATED")

    def refusal(self) -> httpx.Response:
        return self._said(400, "INVALID_ARGUMENT")

    def patience(self, seconds: int) -> httpx.Response:
        answer = self._said(429, "RESOURCE_EXHAUSTED")
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _said(self, status: int, word: str) -> httpx.Response:
        return httpx.Response(status, json={"error": {"code": status, "message": "No.", "status": word}})
