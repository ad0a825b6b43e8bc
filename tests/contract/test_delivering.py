"""Deliveries: who may deliver, when, and that what was delivered and then polled is one message."""

import json
from datetime import timedelta
from typing import Any

import pytest

from inbox.clock import now
from inbox.connectors.contract import ConnectorError, Refused
from tests.contract.stage import Stage
from tests.contract.test_reading import names
from tests.contract.traits import brought, connector_of, greeting, needs, polled, timed

pytestmark = needs(brought)


def test_a_signed_delivery_brings_its_messages(stage: Stage) -> None:
    items = stage.items[: stage.delivered_at_once]
    batch = stage.connector().receive(*stage.delivery(items))
    assert names([batch]) == [stage.name_of(item) for item in items]
    assert not batch.bad


def test_header_names_may_be_written_in_any_case(stage: Stage) -> None:
    headers, body = stage.delivery(stage.items[:1])
    for changed in (str.lower, str.upper, str.title):
        assert names([stage.connector().receive({changed(name): value for name, value in headers.items()}, body)])


@needs(polled)
def test_a_delivery_before_the_poll_is_the_same_message(stage: Stage) -> None:
    delivered = stage.connector().receive(*stage.delivery(stage.items[:1])).messages
    same = [m for b in stage.brought() for m in b.messages if m.external_id == stage.name_of(stage.items[0])]
    assert [(m.external_id, m.thread_id, m.text) for m in delivered] == [
        (m.external_id, m.thread_id, m.text) for m in same
    ]
    assert [m.author.external_id for m in delivered if m.author] == [m.author.external_id for m in same if m.author]


def test_a_delivery_signed_with_another_secret_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused):
        stage.connector().receive(*stage.delivery(stage.items[:1], forged=True))


def test_an_unsigned_delivery_is_refused(stage: Stage) -> None:
    _headers, body = stage.delivery(stage.items[:1])
    with pytest.raises(Refused):
        stage.connector().receive({}, body)
    with pytest.raises(Refused):
        stage.connector().receive({"Content-Type": "application/json"}, body)


@pytest.mark.parametrize("change", [b" ", b"\n{}"])
def test_a_delivery_that_was_changed_on_its_way_is_refused(stage: Stage, change: bytes) -> None:
    if stage.no_signed_body:
        pytest.skip(f"{stage.kind}: {stage.no_signed_body}")
    headers, body = stage.delivery(stage.items[:1])
    with pytest.raises(Refused):
        stage.connector().receive(headers, body + change)


@needs(timed)
@pytest.mark.parametrize("away", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_delivery_of_another_time_is_refused(stage: Stage, away: timedelta) -> None:
    with pytest.raises(Refused):
        stage.connector().receive(*stage.delivery(stage.items[:1], at=now() + away))


def test_a_delivery_that_is_repeated_brings_the_same_ids(stage: Stage) -> None:
    headers, body = stage.delivery(stage.items[: stage.delivered_at_once])
    first, second = (stage.connector().receive(headers, body) for _ in range(2))
    assert [m.external_id for m in first.messages] == [m.external_id for m in second.messages]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"3", b'{"object": 1}', b"\xff\xfe", b"[" * 100_000, b'{"entry": [7], "event": "x"}'],
)
def test_a_signed_body_that_makes_no_sense_brings_nothing(stage: Stage, body: bytes) -> None:
    headers, sent = stage.signed_as_it_is(body)
    assert sent == body
    try:
        batch = stage.connector().receive(headers, body)
    except ConnectorError:
        return
    assert not batch.messages
    assert not batch.deletions


@pytest.mark.parametrize("word", ["id", "text", "body", "message", "comment_id", "mid", "ts", "post_id", "from"])
@pytest.mark.parametrize("nonsense", [None, 7, [], {"a": 1}])
def test_a_signed_delivery_of_wrong_types_is_refused_or_set_aside(stage: Stage, word: str, nonsense: object) -> None:
    _headers, body = stage.delivery(stage.items[:1])
    changed = json.dumps(replaced(json.loads(body), word, nonsense)).encode()
    try:
        batch = stage.connector().receive(*stage.signed_as_it_is(changed))
    except ConnectorError:
        return
    for message in batch.messages:
        assert isinstance(message.external_id, str) and message.external_id
        assert isinstance(message.text, str)


def replaced(node: Any, word: str, value: object) -> Any:
    """The same JSON, but everything of this name is something else."""
    if isinstance(node, list):
        return [replaced(entry, word, value) for entry in node]
    if isinstance(node, dict):
        return {name: value if name == word else replaced(entry, word, value) for name, entry in node.items()}
    return node


@needs(greeting)
def test_a_right_greeting_is_answered_and_a_wrong_one_refused(stage: Stage) -> None:
    right, answer, wrong = stage.greeting()
    assert stage.connector().greet(right) == answer
    for query in (wrong, {}):
        with pytest.raises(Refused):
            stage.connector().greet(query)


def test_whoever_is_told_to_deliver_is_polled_too_or_says_why_not(stage: Stage) -> None:
    capabilities = connector_of(type(stage)).capabilities
    assert capabilities.polls or capabilities.because.get("polls") or stage.kind == "webhook"
