"""Mastodon's connector on a server by others: what the full circle does not meet."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Batch, IncomingMessage, NeedsPerson
from inbox.connectors.mastodon import Mastodon
from tests.peers.speaking import reply_to

pytestmark = [pytest.mark.peers, pytest.mark.timeout(400)]
Connect = Callable[..., Mastodon]
SignIn = Callable[[str], httpx.Client]


def write(client: httpx.Client, text: str, **more: Any) -> dict[str, Any]:
    """Post a status as somebody."""
    written: dict[str, Any] = client.post("/api/v1/statuses", json={"status": text, **more}).raise_for_status().json()
    return written


def polled(connector: Mastodon, stream: str = "mentions", cursor: Mapping[str, Any] | None = None) -> list[Batch]:
    return list(connector.poll(stream, json.loads(json.dumps(dict(cursor))) if cursor else None, None))


def arrived(connector: Mastodon, name: str, stream: str = "mentions") -> tuple[IncomingMessage, Mapping[str, Any]]:
    """The message with this id, and the cursor after everything."""
    batches = polled(connector, stream)
    return next(m for batch in batches for m in batch.messages if m.external_id == name), batches[-1].cursor


def test_a_question_is_read_answered_and_the_answer_is_seen(mastodon: Connect, signed_in: SignIn) -> None:
    root = write(signed_in("brand"), "Launch day")
    question = write(signed_in("fan"), "@brand where is my order?", in_reply_to_id=root["id"])
    connector = mastodon()
    message, cursor = arrived(connector, question["id"])
    assert message.text == "@brand where is my order?"
    assert message.thread_id == root["id"]
    assert message.author
    assert message.author.handle.startswith("fan@")
    assert sum(batch.fetched for batch in polled(connector, cursor=cursor)) == 0

    reply = reply_to(message, "On its way: https://example.com/orders/4711")
    assert connector.find_sent(reply) is None
    receipt = connector.send(reply)
    assert connector.find_sent(reply) == receipt
    seen = signed_in("fan").get(f"/api/v1/statuses/{question['id']}/context").json()["descendants"]
    assert [status["id"] for status in seen] == [receipt.external_id]
    told = signed_in("fan").get("/api/v1/notifications").json()
    assert receipt.external_id in [entry["status"]["id"] for entry in told if entry["type"] == "mention"]


def test_an_answer_without_mention_is_found_in_the_thread(mastodon: Connect, signed_in: SignIn) -> None:
    root = write(signed_in("brand"), "What do you plan with?")
    silent = write(signed_in("other"), "Paper", in_reply_to_id=root["id"])
    connector = mastodon()
    message, cursor = arrived(connector, silent["id"], "threads")
    assert message.thread_id == root["id"]
    assert sum(batch.fetched for batch in polled(connector, "threads", cursor)) == 0


def test_a_wrong_token_needs_a_person(mastodon: Connect) -> None:
    with pytest.raises(NeedsPerson, match="connect"):
        mastodon("nobody's").check()


def test_the_connection_shows_whose_it_is_and_what_came_last(mastodon: Connect, signed_in: SignIn) -> None:
    newest = write(signed_in("fan"), "@brand hello")
    account = mastodon().check()
    assert account.name.startswith("@brand@")
    assert account.latest[0].external_id == newest["id"]
