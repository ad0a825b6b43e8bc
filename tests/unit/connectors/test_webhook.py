"""The inbound webhook: only what is signed, fresh and readable comes in; replies leave signed."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import standardwebhooks

from inbox.connectors.contract import (
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Refused,
    Surroundings,
    Visibility,
)
from inbox.connectors.webhook import MESSAGES_AT_ONCE, Webhook, WebhookSetup
from inbox.connectors.webhook_signature import new_secret, sign, verify

RECORDINGS = Path(__file__).resolve().parents[2] / "recordings" / "webhook"
SECRET = new_secret()


class Nothing:
    def load(self) -> dict[str, Any]:
        return {}

    def save(self, state: Mapping[str, Any]) -> None:
        raise AssertionError("a webhook keeps no state")


def webhook(**settings: str) -> Webhook:
    return Webhook(WebhookSetup(**{"secret": SECRET, **settings}), Surroundings(Nothing()))


def deliver(content: Any, *, name: str = "msg-1", at: datetime | None = None, **changes: str) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = sign(SECRET, name, at or datetime.now(UTC), body) | changes
    return webhook().receive(headers, body)


def test_a_message_says_all_that_was_said() -> None:
    (message,) = deliver((RECORDINGS / "one.json").read_bytes()).messages
    assert (message.external_id, message.thread_id, message.subject) == ("c-17", "t-9", "Bestellung 4711")
    assert message.text == "Wo ist meine Rechnung?"
    assert message.posted_at == datetime(2026, 11, 20, 7, 12, tzinfo=UTC)
    assert message.author
    assert (message.author.external_id, message.author.name) == ("u-3", "Ana Müller")
    assert message.visibility is Visibility.PUBLIC


def test_of_several_each_becomes_what_it_is() -> None:
    batch = deliver((RECORDINGS / "several.json").read_bytes(), name="msg-7")
    crash, nameless = batch.messages
    assert (crash.text, crash.thread_id, crash.parent_id) == ("It crashes", "t-9", "c-17")
    assert crash.posted_at == datetime(2026, 11, 21, 8, 33, 20, tzinfo=UTC)
    assert nameless.external_id == "msg-7#3"
    assert [deletion.external_id for deletion in batch.deletions] == ["c-17"]
    assert batch.bad[0].external_id == "c-19"
    assert len(batch.bad) == 2
    assert batch.fetched == 5


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_of_all_calendars_is_no_fault_of_ours(moment: str) -> None:
    assert deliver({"id": "1", "text": "x", "posted_at": moment, "edited_at": moment}).fetched == 1
    assert deliver({"id": "1", "deleted": True, "edited_at": moment}).fetched == 1


def test_a_repeated_delivery_names_its_messages_alike() -> None:
    one, two = (deliver({"text": "hi"}, name="msg-3").messages[0] for _ in range(2))
    assert one.external_id == two.external_id == "msg-3"


def test_the_reference_library_of_the_standard_understands_us_and_we_it() -> None:
    reference = standardwebhooks.Webhook(SECRET)
    now, body = datetime.now(UTC), '{"text": "Grüße"}'
    assert reference.verify(body, sign(SECRET, "m", now, body.encode())) == {"text": "Grüße"}
    theirs = {
        "Webhook-Id": "m",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": reference.sign("m", now, body),
    }
    assert verify(SECRET, theirs, body.encode(), now) == "m"


def test_one_right_signature_among_several_is_enough() -> None:
    body = b'{"text": "hi"}'
    headers = sign(SECRET, "m", datetime.now(UTC), body)
    headers["webhook-signature"] = "v1a,xx v1,wrong " + headers["webhook-signature"]
    assert len(webhook().receive(headers, body).messages) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-signature": "ü" * 30},
        {"webhook-signature": "v1,x " * 5_000},
        {"webhook-id": ""},
        {"webhook-id": "other"},
        {"webhook-id": "x" * 300},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 400},
    ],
)
def test_what_is_not_signed_rightly_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Refused):
        deliver({"text": "hi"}, **changes)


def test_a_changed_body_is_refused() -> None:
    headers = sign(SECRET, "m", datetime.now(UTC), b'{"text": "hi"}')
    with pytest.raises(Refused, match="signature"):
        webhook().receive(headers, b'{"text": "ho"}')


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_delivery_is_refused(minutes: int) -> None:
    with pytest.raises(Refused, match="5 minutes"):
        deliver({"text": "hi"}, at=datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_a_little(minutes: int) -> None:
    assert deliver({"text": "hi"}, at=datetime.now(UTC) + timedelta(minutes=minutes)).messages


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[" * 100_000,
        b'"text"',
        [],
        {},
        {"messages": {}},
        {"messages": None},
        {"messages": [{"text": "x"}] * (MESSAGES_AT_ONCE + 1)},
        {"text": ""},
        {"text": "x" * 100_001},
        {"text": ["x"]},
        {"text": "x", "posted_at": "gestern"},
        {"text": "x", "url": "javascript:alert(1)"},
        {"text": "x", "attachments": [{"url": "file:///etc/passwd"}]},
        {"deleted": True},
        b" " * (9 * 1024 * 1024),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(content: Any) -> None:
    with pytest.raises(Refused) as caught:
        deliver(content)
    assert len(str(caught.value)) > 15


def test_an_empty_list_is_nothing() -> None:
    assert deliver({"messages": []}).fetched == 0


def test_a_new_secret_is_made_when_none_is_given_and_kept_when_it_is() -> None:
    made = WebhookSetup().secret.get_secret_value()
    assert made.startswith("whsec_")
    assert len(base64.b64decode(made.removeprefix("whsec_"))) == 32
    assert WebhookSetup().secret.get_secret_value() != made
    assert WebhookSetup(secret=made).secret.get_secret_value() == made


@pytest.mark.parametrize("secret", ["whsec_", "whsec_short", "hunter2", "whsec_" + "A" * 400])
def test_a_weak_or_broken_secret_is_refused_in_the_form(secret: str) -> None:
    with pytest.raises(ValueError):
        WebhookSetup(secret=secret)


def reply() -> OutgoingReply:
    return OutgoingReply("delivery-9", "Unter Menü", "t-9", "c-17", {"id": "c-17"}, author_name="Kim", language="de")


def callback(monkeypatch: pytest.MonkeyPatch, response: httpx.Response | Exception) -> list[httpx.Request]:
    requests: list[httpx.Request] = []

    def handle(_self: object, request: httpx.Request) -> httpx.Response:
        request.read()
        requests.append(request)
        if isinstance(response, Exception):
            raise response
        return response

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    return requests


def test_a_reply_is_posted_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = httpx.Response(200, json={"id": "r-1", "url": "https://shop.example/c/18"})
    requests = callback(monkeypatch, answer)
    receipt = webhook(callback_url="https://shop.example/in").send(reply())
    assert (receipt.external_id, receipt.url) == ("r-1", "https://shop.example/c/18")
    (request,) = requests
    content = standardwebhooks.Webhook(SECRET).verify(request.content, dict(request.headers))
    assert (content["text"], content["thread"], content["parent"], content["id"]) == (
        "Unter Menü",
        "t-9",
        "c-17",
        "delivery-9",
    )
    assert request.headers["webhook-id"] == "delivery-9"


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"url": "javascript:x"}'])
def test_an_answer_without_id_is_an_answer(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    callback(monkeypatch, httpx.Response(202, content=body))
    receipt = webhook(callback_url="https://shop.example/in").send(reply())
    assert (receipt.external_id, receipt.url) == ("delivery-9", "")


def test_a_lost_answer_is_an_unknown_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    callback(monkeypatch, httpx.ReadTimeout("cut"))
    connector = webhook(callback_url="https://shop.example/in")
    with pytest.raises(OutcomeUnknown):
        connector.send(reply())
    with pytest.raises(OutcomeUnknown):
        connector.find_sent(reply())


def test_without_an_address_nobody_can_be_answered() -> None:
    with pytest.raises(Refused, match="no address for replies"):
        webhook().send(reply())


def test_replies_do_not_go_into_the_house() -> None:
    with pytest.raises(NeedsPerson, match="private address"):
        webhook(callback_url="http://127.0.0.1:9/in").send(reply())


def test_a_message_of_the_quarantine_is_read_anew() -> None:
    batch = deliver({"messages": [{"id": "1", "text": "Hallo"}, {"id": "2", "text": ["x"]}]})
    (bad,) = batch.bad
    assert bad.external_id == "2"
    assert "text" in webhook().reread(bad.raw).bad[0].reason
    (message,) = webhook().reread(bad.raw.replace('["x"]', '"Sieben"')).messages
    assert (message.external_id, message.text) == ("2", "Sieben")
