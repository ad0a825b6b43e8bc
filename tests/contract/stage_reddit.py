"""A subreddit's comments, as Reddit shows them to an account that moderates it."""

import copy
import html
from datetime import datetime
from typing import Any, ClassVar

import httpx
import pytest

from inbox.connectors.reddit_api import SCOPES
from tests.contract.official_listed import Listed
from tests.contract.stage import Stage, recording

FIXED = {
    "/api/v1/me": "me",
    "/subreddits/mine/moderator": "moderated",
    "/message/inbox": "inbox",
    "/r/kalender/new": "posts",
    "/r/kalender/about/modqueue": "queue",
}
NOT_LISTED = "the list was derived from a library that asks for these by names of its own"


class RedditStage(Stage):
    kind = "reddit"
    stream = "comments:kalender"
    settings: ClassVar[dict[str, Any]] = {
        "client_id": "p-jcoLKBynTLew",
        "client_secret": "gko_LXELoV07ZBNUXrvWZfzE3aI",
        "subreddits": "r/kalender",
    }
    host = "oauth.reddit.com"
    poll_path = "/r/kalender/comments"
    send_path = "/api/comment"
    too_long = "x" * 10_001
    lengths: ClassVar[dict[str, int]] = {"*wichtig*": 11, "# 1": 4, "2^8": 4, "a\nb": 5, "a\n\nb": 4}
    markup = ('<div class="md"><p>Danke &amp; Grüße<br/>\nAna</p>\n</div>', "Danke & Grüße\nAna")
    official = (
        Listed(
            "reddit/endpoints.derived.json",
            at="https://oauth.reddit.com",
            beyond={
                "/r/{subreddit}/comments": NOT_LISTED,
                "/r/{subreddit}/new": NOT_LISTED,
                "/user/{user}/comments": NOT_LISTED,
            },
        ),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        tokens = {"access_token": "token-1", "refresh_token": "refresh-1", "scopes": list(SCOPES)}
        self.memory.save({"tokens": tokens, "name": "Brand_Team", "moderates": ["kalender"]})
        self.answers: list[Any] = []

    def recorded(self) -> list[Any]:
        return list(recording("reddit/comments.json"))

    def route(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if request.method == "POST":
            return self._changed(path, request)
        if path == self.poll_path:
            pages, number = self.pages or [self.items], int(query.get("after") or 0)
            return listing(pages[number], str(number + 1) if number + 1 < len(pages) else None)
        if path == "/user/Brand_Team/comments":
            return listing(self.answers)
        if path == "/api/info":
            wanted = query["id"].split(",")
            posts = recording("reddit/posts.json")["data"]["children"]
            things = [*posts, *(item for page in self.pages or [self.items] for item in page)]
            return listing([thing for thing in things if thing["data"]["name"] in wanted])
        if path == "/r/kalender/about":
            return httpx.Response(200, json={"kind": "t5", "data": {"display_name": "kalender"}})
        return httpx.Response(200, json=recording(f"reddit/{FIXED[path]}.json"))

    def _changed(self, path: str, request: httpx.Request) -> httpx.Response:
        if path != self.send_path:
            return httpx.Response(200, json={"json": {"errors": []}} if "friend" in path else {})
        form = httpx.QueryParams(request.content.decode())
        sent = copy.deepcopy(recording("reddit/sent.json"))
        shown = form["text"].replace("\\", "")
        sent["data"] |= {"parent_id": form["thing_id"], "body": form["text"], "body_html": f"<p>{shown}</p>"}
        self.answers.append(sent)
        return httpx.Response(200, json={"json": {"errors": [], "data": {"things": [sent]}}})

    def _with(self, item: Any, **change: Any) -> Any:
        return {**item, "data": {**item["data"], **change}}

    def named(self, item: Any, name: str) -> Any:
        return self._with(item, id=name, name=f"t1_{name}")

    def worded(self, item: Any, text: str) -> Any:
        return self._with(item, body=text, body_html=f"<p>{html.escape(text)}</p>", edited=1_795_187_000.0)

    def marked(self, item: Any, source: str) -> Any:
        return self._with(item, body="Danke & Grüße  \nAna", body_html=source)

    def dated(self, item: Any, value: Any) -> Any:
        return self._with(item, created=value, created_utc=value)

    def moment(self, at: datetime) -> Any:
        return at.timestamp()

    def anonymous(self, item: Any) -> Any:
        return self._with(item, author=None)

    def broken(self, item: Any) -> Any:
        return self._with(item, body=None, body_html=None)

    def name_of(self, item: Any) -> str:
        return str(item["data"]["name"])

    def patience(self, seconds: int) -> httpx.Response:
        headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "1000", "x-ratelimit-reset": str(seconds)}
        return httpx.Response(429, headers=headers, json={"message": "Too Many Requests", "error": 429})

    def unauthorised(self) -> httpx.Response:
        return httpx.Response(401, json={"message": "Unauthorized", "error": 401})

    def refusal(self) -> httpx.Response:
        return told("THREAD_LOCKED", "Comments are locked.")


def told(code: str, words: str) -> httpx.Response:
    """A refusal as Reddit writes it: with 200."""
    return httpx.Response(200, json={"json": {"errors": [[code, words, "parent"]]}})


def listing(things: list[Any], after: str | None = None) -> httpx.Response:
    """A page of things."""
    return httpx.Response(200, json={"kind": "Listing", "data": {"after": after, "before": None, "children": things}})
