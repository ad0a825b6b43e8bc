"""Questions under a tag on a site of Stack Exchange."""

import html
from datetime import datetime
from typing import Any, ClassVar

import httpx
import pytest

from tests.contract.stage import Stage, recording

API = "/2.3"


class StackExchangeStage(Stage):
    kind = "stack_exchange"
    stream = "tag:brand-calendar"
    settings: ClassVar[dict[str, Any]] = {
        "site": "askubuntu.com",
        "tags": "brand-calendar",
        "key": "U4DMV*8nvpm3EOpvf69Rxw((",
        "access_token": "hT7)kSd8",
    }
    host = "api.stackexchange.com"
    poll_path = f"{API}/questions"
    send_path = f"{API}/posts/1540001/comments/add"
    too_long = "x" * 601
    markup = ("<p>Danke &amp; Grüße<br>\nAna</p>\n<p><b>Bald</b> mehr</p>", "Danke & Grüße\nAna\n\nBald mehr")
    no_official = "Stack Exchange describes its API in prose"
    pages_are_counted = True

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.memory.save({"our_id": 900})
        self.below: list[Any] = []  # answers and comments
        self.comments: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("stack_exchange/questions.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix(API), request.url.params
        assert query.get("site") == "askubuntu" or request.method == "POST"
        if request.method == "POST":
            return self._commented(request)
        if path == "/me":
            assert query["access_token"] == self.settings["access_token"]
            return httpx.Response(200, json=recording("stack_exchange/me.json"))
        if path == "/questions":
            return self._questions(query)
        if path == "/posts/1540001/comments":
            return wrapped(self.comments)
        if path.startswith("/questions/") and path.count("/") == 2:
            wanted = path.removeprefix("/questions/").split(";")
            return wrapped([q for q in self._all() if str(q.get("question_id")) in wanted])
        _, _, ids, kind = path.split("/")
        return wrapped([item for item in self.below if self._is_below(item, ids.split(";"), kind, query)])

    def _is_below(self, item: Any, ids: list[str], kind: str, query: httpx.QueryParams) -> bool:
        is_comment = "comment_id" in item
        place = item["post_id"] if is_comment else item["question_id"]
        is_late = item["creation_date"] >= int(query.get("fromdate") or 0)
        return is_late and is_comment == (kind == "comments") and str(place) in ids

    def _all(self) -> list[Any]:
        return [item for page in self.pages or [self.items] for item in page if isinstance(item, dict)]

    def _questions(self, query: httpx.QueryParams) -> httpx.Response:
        """Oldest activity first, from a moment on; two to a page where the test has pages."""
        every = [item for page in self.pages or [self.items] for item in page]
        found = sorted((item for item in every if _active(item) >= float(query.get("min") or 0)), key=_active)
        if query["order"] == "desc":
            found.reverse()
        size = 2 if self.pages else int(query["pagesize"])
        start = (int(query.get("page") or 1) - 1) * size
        return wrapped(found[start : start + size], has_more=len(found) > start + size)

    def _commented(self, request: httpx.Request) -> httpx.Response:
        form = httpx.QueryParams(request.content.decode())
        assert form["key"] and form["access_token"] and form["site"] == "askubuntu"
        sent = {**recording("stack_exchange/sent.json"), "body": html.escape(form["body"], quote=False)}
        self.comments.append(sent)
        return wrapped([sent])

    def named(self, item: Any, name: str) -> Any:
        # Whatever comes into this list has just become active.
        later = recording("stack_exchange/questions.json")[0]["last_activity_date"] + 60
        return {**item, "question_id": 2_000_000 + int(name, 36) % 1_000_000_000, "last_activity_date": later}

    def worded(self, item: Any, text: str) -> Any:
        body = text if text.startswith("<p>") else f"<p>{html.escape(text)}</p>"
        return {**item, "body": body, "last_edit_date": 1_795_187_000, "last_activity_date": 1_795_187_000}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "creation_date": value, "last_activity_date": value}

    def moment(self, at: datetime) -> Any:
        return int(at.timestamp())

    def anonymous(self, item: Any) -> Any:
        return {**item, "owner": None}

    def broken(self, item: Any) -> Any:
        return {**item, "body": None, "title": None}

    def name_of(self, item: Any) -> str:
        return f"q:{item['question_id']}"

    def patience(self, seconds: int) -> httpx.Response:
        return failed(502, f"too many requests from this IP, more requests available in {seconds} seconds")

    def unauthorised(self) -> httpx.Response:
        return failed(402, "access_token is not valid")

    def refusal(self) -> httpx.Response:
        return failed(407, "Comments may only be edited for 5 minutes")


def wrapped(items: list[Any], *, has_more: bool = False, **more: Any) -> httpx.Response:
    """Items in the wrapper that every answer has."""
    left = {"quota_max": 10_000, "quota_remaining": 9_990}
    return httpx.Response(200, json={"items": items, "has_more": has_more, **left, **more})


def failed(number: int, words: str) -> httpx.Response:
    """An error as Stack Exchange writes it: with 400."""
    return httpx.Response(400, json={"error_id": number, "error_message": words, "error_name": "x"})


def _active(item: Any) -> float:
    at = item.get("last_activity_date") if isinstance(item, dict) else None
    return float(at) if isinstance(at, int | float) else 0.0
