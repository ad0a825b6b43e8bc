"""People on a test network, who speak to it directly and not through the connector under test."""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

PASSWORD = "hunter2-hunter2"
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"
T = TypeVar("T")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """One account; `token` is good for as long as a test lives."""

    pds: str
    did: str
    handle: str
    token: str

    @classmethod
    def new(cls, pds: str, name: str) -> "Person":
        handle = f"{name}{next(_numbers)}{secrets.token_hex(3)}.test"
        body = {"email": f"{handle}@mail.test", "handle": handle, "password": PASSWORD}
        answer = httpx.post(f"{pds}/xrpc/com.atproto.server.createAccount", json=body, timeout=30).raise_for_status()
        return cls(pds, answer.json()["did"], handle, answer.json()["accessJwt"])

    def get(self, method: str, **query: Any) -> Any:
        return self._ask("GET", method, params=query)

    def post(
        self, text: str, *, to: Any = None, root: Any = None, mention: "Person | None" = None, quote: Any = None
    ) -> dict[str, str]:
        """Write a post, as an answer, with a mention or a quoted post if wished; its address and content id."""
        record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": _now()}
        if quote:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": quote}
        if to:
            record["reply"] = {"root": root or to, "parent": to}
        if mention:
            start = text.encode().index(f"@{mention.handle}".encode())
            span = {"byteStart": start, "byteEnd": start + len(mention.handle) + 1}
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": mention.did}
            record["facets"] = [{"index": span, "features": [feature]}]
        made = self._ask("POST", "com.atproto.repo.createRecord", json=self._into(POST) | {"record": record})
        # Answers that are indexed before what they answer are never notified; so everybody waits.
        until(lambda: self.get("app.bsky.feed.getPosts", uris=made["uri"])["posts"])
        return {"uri": made["uri"], "cid": made["cid"]}

    def rewrite(self, uri: str, text: str) -> None:
        """Put other words under the same address."""
        record = {"$type": POST, "text": text, "createdAt": _now()}
        self._ask(
            "POST",
            "com.atproto.repo.putRecord",
            json=self._into(POST) | {"rkey": uri.rpartition("/")[2], "record": record},
        )

    def let_answer(self, root: dict[str, str], rules: list[dict[str, str]]) -> None:
        """Say who may answer in a thread of one's own."""
        record = {"$type": GATE, "post": root["uri"], "allow": rules, "createdAt": _now()}
        body = self._into(GATE) | {"rkey": root["uri"].rpartition("/")[2], "record": record}
        self._ask("POST", "com.atproto.repo.putRecord", json=body)

    def delete(self, uri: str) -> None:
        self._ask("POST", "com.atproto.repo.deleteRecord", json=self._into(POST) | {"rkey": uri.rpartition("/")[2]})
        until(lambda: not self.get("app.bsky.feed.getPosts", uris=uri)["posts"])

    def sees(self, other: "Person") -> dict[str, Any]:
        """How this person stands to another: blocking, muted …"""
        viewer: dict[str, Any] = self.get("app.bsky.actor.getProfile", actor=other.did)["viewer"]
        return viewer

    def _into(self, collection: str) -> dict[str, str]:
        return {"repo": self.did, "collection": collection}

    def _ask(self, verb: str, method: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(verb, f"{self.pds}/xrpc/{method}", headers=headers, timeout=30, **options)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else {}


def until(look: Callable[[], T], seconds: float = 30) -> T:
    """What `look` gives as soon as it gives something; the index of the network is a moment behind its repositories."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"nothing after {seconds} s")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
