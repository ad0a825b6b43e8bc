"""Bluesky's connector on a real network: what no other test can tell of words, threads and sessions."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from inbox.connectors.bluesky import Bluesky
from inbox.connectors.contract import Batch, IncomingMessage, NeedsPerson
from tests.contract.stage import Remembering
from tests.peers.atproto.people import Person, until
from tests.peers.speaking import reply_to

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(900)]
Connect = Callable[..., Bluesky]


def polled(connector: Bluesky, stream: str = "notifications", cursor: Mapping[str, Any] | None = None) -> list[Batch]:
    kept = json.loads(json.dumps(dict(cursor))) if cursor else None
    return list(connector.poll(stream, kept, None))


def arrived(connector: Bluesky, uri: str, stream: str = "notifications") -> tuple[IncomingMessage, Mapping[str, Any]]:
    """The message with this address once it has come, and the cursor after it."""

    def look() -> tuple[IncomingMessage, Mapping[str, Any]] | None:
        batches = polled(connector, stream)
        found = [m for batch in batches for m in batch.messages if m.external_id == uri]
        return (found[0], batches[-1].cursor) if found else None

    return until(look)


def test_a_question_is_read_answered_once_and_the_answer_is_seen(bluesky: Connect, brand: Person, fan: Person) -> None:
    root = brand.post("Launch day")
    question = fan.post("Where is my order? 🌱", to=root)
    connector = bluesky(brand)
    message, cursor = arrived(connector, question["uri"])
    assert message.text == "Where is my order? 🌱"
    assert message.thread_id == root["uri"]
    assert message.author
    assert (message.author.external_id, message.author.handle) == (fan.did, fan.handle)
    assert sum(batch.fetched for batch in polled(connector, cursor=cursor)) == 0

    reply = reply_to(message, f"On its way, @{fan.handle}: https://example.com/orders/ä #promise")
    assert connector.find_sent(reply) is None
    receipt = connector.send(reply)
    assert connector.send(reply) == receipt
    assert connector.find_sent(reply) == receipt

    def answers() -> list[Any]:
        thread = fan.get("app.bsky.feed.getPostThread", uri=question["uri"])["thread"]
        return [node["post"] for node in thread.get("replies", [])]

    (answer,) = until(answers)
    assert answer["uri"] == receipt.external_id
    assert answer["record"]["reply"]["root"] == root
    covered = [
        answer["record"]["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for facet in answer["record"]["facets"]
    ]
    assert covered == [f"@{fan.handle}", "https://example.com/orders/ä", "#promise"]

    def told() -> list[Any]:
        notifications = fan.get("app.bsky.notification.listNotifications")["notifications"]
        return [entry for entry in notifications if entry["uri"] == receipt.external_id]

    assert until(told)


def test_a_lost_answer_is_looked_up_in_the_real_repository(
    bluesky: Connect, brand: Person, fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mention = fan.post(f"hello @{brand.handle}", mention=brand)
    connector = bluesky(brand)
    message, _cursor = arrived(connector, mention["uri"])
    original = httpx.HTTPTransport.handle_request

    def cut(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        answer = original(self, request)
        if request.url.path.endswith("createRecord"):
            answer.close()
            raise httpx.ReadTimeout("cut", request=request)
        return answer

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", cut)
    reply = reply_to(message, "Hello back")
    first = connector.send(reply)
    assert connector.send(reply) == first
    feed = until(lambda: brand.get("app.bsky.feed.getAuthorFeed", actor=brand.did)["feed"])
    assert [item["post"]["uri"] for item in feed] == [first.external_id]


def test_a_reply_without_notice_is_found_in_the_thread(bluesky: Connect, brand: Person, fan: Person) -> None:
    root = brand.post("What do you plan with?")
    first = fan.post("Paper", to=root)
    second = fan.post("and a pencil", to=first, root=root)
    connector = bluesky(brand)
    message, cursor = arrived(connector, second["uri"], "threads")
    assert (message.thread_id, message.parent_id) == (root["uri"], first["uri"])
    assert sum(batch.fetched for batch in polled(connector, "threads", cursor)) == 0


def test_one_sign_in_lasts_and_an_expired_session_is_renewed(bluesky: Connect, brand: Person) -> None:
    memory = Remembering()
    bluesky(brand, memory).check()
    first = memory.load()
    polled(bluesky(brand, memory))
    assert memory.load() == first
    memory.save({**first, "access": "expired.expired.expired"})
    polled(bluesky(brand, memory))
    renewed = memory.load()
    assert renewed["refresh"] != first["refresh"]
    memory.save({**renewed, "access": "x.y.z", "refresh": "x.y.z"})
    polled(bluesky(brand, memory))
    assert memory.load()["access"] != "x.y.z"
    assert memory.load()["refresh"] not in {"x.y.z", renewed["refresh"]}


def test_a_wrong_password_needs_a_person(bluesky: Connect, brand: Person) -> None:
    with pytest.raises(NeedsPerson, match="credentials"):
        bluesky(brand, password="wrong-wrong").check()


def test_the_connection_shows_whose_it_is_and_what_came_last(bluesky: Connect, brand: Person, fan: Person) -> None:
    mention = fan.post(f"hello @{brand.handle}", mention=brand)
    connector = bluesky(brand)
    arrived(connector, mention["uri"])
    account = connector.check()
    assert (account.name, account.external_id) == (f"@{brand.handle}", brand.did)
    assert [message.external_id for message in account.latest] == [mention["uri"]]
