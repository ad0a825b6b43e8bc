"""One GitLab project whose token belongs to a maintainer."""

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors.lenient import moment
from tests.contract.stage import Stage, recording

PROJECT = "/api/v4/projects/brand/app"
ISSUES = f"{PROJECT}/issues"


class GitLabStage(Stage):
    kind = "gitlab"
    stream = "issues"
    settings: ClassVar[dict[str, Any]] = {
        "server": "https://gitlab.garten.example",
        "project": "brand/app",
        "token": "glpat-geheim-1",
    }
    host = "gitlab.garten.example"
    poll_path = ISSUES
    send_path = f"{ISSUES}/11/notes"
    too_long = "x" * 1_000_001
    lengths: ClassVar[dict[str, int]] = {"/close": len(r"\/close"), "*wichtig*": len(r"\*wichtig\*")}
    no_markup = "what people write in GitLab's Markdown is shown as they typed it"
    no_official = "GitLab's own description is not among the contracts."

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.notes: dict[int, list[Any]] = {}
        self.awards: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("gitlab/issues.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, method = request.url.path, request.method
        fixed = {"/api/v4/user": "user", PROJECT: "project"}
        if path in fixed:
            return httpx.Response(200, json=recording(f"gitlab/{fixed[path]}.json"))
        if path == ISSUES:
            return self._listed(request.url.params)
        number, _, below = path.removeprefix(f"{ISSUES}/").partition("/")
        issue = next(
            (each for each in self._everything() if isinstance(each, dict) and str(each.get("iid")) == number), None
        )
        if issue is None:
            return httpx.Response(404, json={"message": "404 Not found"})
        if "award_emoji" in below:
            return self._award(method, below)
        if below == "notes" and method == "POST":
            return self._sent(int(number), json.loads(request.content)["body"])
        if below == "notes":
            return httpx.Response(200, json=self.notes.get(int(number), []))
        if below:
            found = [note for note in self.notes.get(int(number), []) if below == f"notes/{note['id']}"]
            return (
                httpx.Response(200, json=found[0]) if found else httpx.Response(404, json={"message": "404 Not found"})
            )
        return httpx.Response(204) if method == "DELETE" else httpx.Response(200, json=issue)

    def _sent(self, number: int, body: str) -> httpx.Response:
        note = {**recording("gitlab/note.json"), "body": body}
        self.notes[number] = [note, *self.notes.get(number, [])]
        return httpx.Response(201, json=note)

    def _award(self, method: str, below: str) -> httpx.Response:
        if method == "GET":
            return httpx.Response(200, json=self.awards)
        if method == "DELETE":
            self.awards = [award for award in self.awards if not below.endswith(f"/{award['id']}")]
            return httpx.Response(204)
        if self.awards:
            taken = {"message": "404 Award Emoji Name has already been taken Not Found"}
            return httpx.Response(404, json=taken)
        self.awards = [{"id": 9, "name": "thumbsup", "user": recording("gitlab/user.json")}]
        return httpx.Response(201, json=self.awards[0])

    def _everything(self) -> list[Any]:
        return [item for page in self.pages or [self.items] for item in page]

    def _listed(self, query: httpx.QueryParams) -> httpx.Response:
        """Those changed since, oldest change first, two to a page where the suite asks for several."""
        after = moment(query.get("updated_after"))
        known = {json.dumps(each): each for each in self._everything()}.values()
        found = [each for each in known if after is None or ((at := _changed(each)) and at >= after)]
        found.sort(key=lambda each: _changed(each) or datetime.min.replace(tzinfo=UTC))
        size = 2 if self.pages else int(query["per_page"])
        number = int(query.get("page", "1"))
        start = (number - 1) * size
        following = str(number + 1) if start + size < len(found) else ""
        return httpx.Response(200, json=found[start : start + size], headers={"X-Next-Page": following})

    def edit(self, index: int, text: str) -> None:
        self.items[index] = {**self.worded(self.items[index], text), "updated_at": "2026-11-20T15:00:00.000Z"}

    def named(self, item: Any, name: str) -> Any:
        return {**item, "iid": 100_000 + int(name, 36) % 1_000_000_000, "updated_at": "2026-11-20T14:00:00.000Z"}

    def worded(self, item: Any, text: str) -> Any:
        return {**item, "description": text}

    def dated(self, item: Any, value: Any) -> Any:
        return {**item, "created_at": value}

    def anonymous(self, item: Any) -> Any:
        return {**item, "author": None}

    def broken(self, item: Any) -> Any:
        return {**item, "iid": {}}

    def name_of(self, item: Any) -> str:
        return f"issue:{item['iid']}"

    def patience(self, seconds: int) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": str(seconds)}, text="Retry later\n")

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"message": "401 Unauthorized"})

    def refusal(self) -> httpx.Response:
        return httpx.Response(400, json={"message": {"note": ["can't be blank"]}})


def _changed(item: Any) -> datetime | None:
    return moment(item.get("updated_at")) if isinstance(item, dict) else None
