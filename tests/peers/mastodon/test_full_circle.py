"""Mastodon's API on a server by others: written there, read here, answered, moderated, taken back, and deleted again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import (
    Act,
    ActName,
    Batch,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Visibility,
)
from inbox.connectors.mastodon import Mastodon

pytestmark = [pytest.mark.peers, pytest.mark.timeout(400)]
LONG_AGO = "2020-01-01T00:00:00+00:00"
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


def reply_to(message: IncomingMessage, text: str) -> OutgoingReply:
    return OutgoingReply(
        key=f"delivery-{message.external_id}",
        text=text,
        thread_id=message.thread_id,
        parent_id=message.external_id,
        parent_handle=json.loads(json.dumps(dict(message.reply_handle))),
        language="en",
        created_at=datetime.now(UTC),
    )


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


def test_a_direct_message_is_answered_directly(mastodon: Connect, signed_in: SignIn) -> None:
    secret = write(signed_in("fan"), "@brand please delete my account", visibility="direct")
    connector = mastodon()
    message, _cursor = arrived(connector, secret["id"])
    assert message.visibility is Visibility.DIRECT
    reply = reply_to(message, "Done")
    receipt = connector.send(reply)
    assert connector.find_sent(reply) == receipt
    answer = signed_in("fan").get(f"/api/v1/statuses/{receipt.external_id}").json()
    assert answer["visibility"] == "direct"


def test_an_answer_without_mention_is_found_in_the_thread(mastodon: Connect, signed_in: SignIn) -> None:
    root = write(signed_in("brand"), "What do you plan with?")
    silent = write(signed_in("other"), "Paper", in_reply_to_id=root["id"])
    connector = mastodon()
    message, cursor = arrived(connector, silent["id"], "threads")
    assert message.thread_id == root["id"]
    assert sum(batch.fetched for batch in polled(connector, "threads", cursor)) == 0


def test_a_lost_answer_is_looked_up(mastodon: Connect, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    question = write(signed_in("fan"), "@brand still there?")
    connector = mastodon()
    message, _cursor = arrived(connector, question["id"])
    original = httpx.HTTPTransport.handle_request

    def cut(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        answer = original(self, request)
        if request.method == "POST" and request.url.path == "/api/v1/statuses":
            answer.close()
            raise httpx.ReadTimeout("cut", request=request)
        return answer

    reply = reply_to(message, "Yes, we are")
    with monkeypatch.context() as patched:
        patched.setattr(httpx.HTTPTransport, "handle_request", cut)
        with pytest.raises(OutcomeUnknown):
            connector.send(reply)
    found = connector.find_sent(reply)
    assert found
    seen = signed_in("fan").get(f"/api/v1/statuses/{question['id']}/context").json()["descendants"]
    assert [status["id"] for status in seen] == [found.external_id]


@pytest.mark.parametrize(("name", "state"), [(ActName.BLOCK, "blocking"), (ActName.MUTE, "muting")])
def test_an_author_can_be_shut_out_and_let_in_again(
    mastodon: Connect, signed_in: SignIn, name: ActName, state: str
) -> None:
    question = write(signed_in("other"), "@brand buy now")
    connector = mastodon()
    message, _cursor = arrived(connector, question["id"])
    assert message.author
    act = Act("act-1", name, message.external_id, message.author.external_id, message.reply_handle, "spam")

    def stands() -> bool:
        query = {"id[]": act.author_id}
        return bool(signed_in("brand").get("/api/v1/accounts/relationships", params=query).json()[0][state])

    receipt = connector.act(act)
    connector.act(act)
    assert stands()
    connector.act(replace(act, undo=True, undo_state=receipt.state))
    assert not stands()


def test_a_report_is_taken(mastodon: Connect, signed_in: SignIn) -> None:
    insult = write(signed_in("other"), "@brand you are all idiots")
    connector = mastodon()
    message, _cursor = arrived(connector, insult["id"])
    assert message.author
    author = message.author.external_id
    connector.act(Act("act-1", ActName.REPORT, message.external_id, author, message.reply_handle, "insult"))


def test_deletions_and_edits_are_seen(mastodon: Connect, signed_in: SignIn) -> None:
    fan = signed_in("fan")
    gone, changed = write(fan, "@brand forget this"), write(fan, "@brand first words")
    connector = mastodon()
    cursor = polled(connector)[-1].cursor
    fan.delete(f"/api/v1/statuses/{gone['id']}").raise_for_status()
    fan.put(f"/api/v1/statuses/{changed['id']}", json={"status": "@brand second words"}).raise_for_status()
    batches = polled(connector, cursor={**cursor, "looked_at": LONG_AGO})
    assert gone["id"] in [d.external_id for batch in batches for d in batch.deletions]
    assert ("@brand second words", changed["id"]) in [(m.text, m.external_id) for b in batches for m in b.messages]


def test_a_wrong_token_needs_a_person(mastodon: Connect) -> None:
    with pytest.raises(NeedsPerson, match="connect"):
        mastodon("nobody's").check()


def test_the_connection_shows_whose_it_is_and_what_came_last(mastodon: Connect, signed_in: SignIn) -> None:
    newest = write(signed_in("fan"), "@brand hello")
    account = mastodon().check()
    assert account.name.startswith("@brand@")
    assert account.latest[0].external_id == newest["id"]
