"""The same repository on GitHub, by the stream of its issues."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import httpx

from inbox.connectors.contract import ActName
from tests.contract.stage import recording
from tests.contract.stage_github import REPOSITORY, SECRET, GitHubStage


class GitHubIssuesStage(GitHubStage):
    name = "github_issues"
    stream = "issues"
    poll_path = f"{REPOSITORY}/issues"
    no_act: ClassVar[dict[str, str]] = dict.fromkeys(
        (ActName.HIDE, ActName.MARK_SPAM), "GitHub hides comments, not what they are about"
    )

    def recorded(self) -> list[Any]:
        return list(recording("github/issues.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        if request.url.path in {self.send_path, f"{self.poll_path}/comments"} and request.method == "GET":
            return httpx.Response(200, json=self.answers)
        return super().route(request)

    def _changes(self) -> list[Any]:
        return [issue for issue in self._comments() if "title" in issue]

    def _node(self, identity: str) -> Any:
        node = super()._node(identity)
        issue = next((issue for issue in self._changes() if issue["node_id"] == identity), {})
        if not node:
            return None
        return {
            **node,
            **{name: issue[name] for name in ("number", "title")},
            "comments": {"totalCount": issue["comments"]},
        }

    def named(self, item: Any, name: str) -> Any:
        number = int(name, 36) % 1_000
        return {**super().named(item, name), "number": 500 + number}

    def broken(self, item: Any) -> Any:
        return {**item, "number": None}

    def name_of(self, item: Any) -> str:
        return f"issue-{item['number']}"

    def delivery(self, items: Sequence[Any], *, at: datetime | None = None, forged: bool = False) -> Any:
        told = {"action": "opened", "issue": items[0], "repository": {"full_name": "garden/app", "private": False}}
        body = json.dumps(told).encode()
        signature = hmac.new(b"other" if forged else SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"X-GitHub-Event": "issues", "X-Hub-Signature-256": f"sha256={signature}"}, body
