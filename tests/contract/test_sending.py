"""Sending: once, to whom it may concern, and never pretended."""

import json
from dataclasses import replace

import httpx
import pytest

from inbox.connectors.contract import (
    Act,
    ConnectorError,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
)
from tests.contract.stages import SENDING, Stage

pytestmark = pytest.mark.parametrize("stage", SENDING, indirect=True)


def question(stage: Stage) -> IncomingMessage:
    batches = list(stage.connector().poll(stage.stream, None, None))
    name = stage.name_of(stage.items[-1])
    return next(m for batch in batches for m in batch.messages if m.external_id == name)


def posts(stage: Stage) -> list[httpx.Request]:
    return [request for request in stage.requests if request.method == "POST" and request.url.path == stage.send_path]


def test_a_reply_leaves_once_and_is_found_afterwards(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), "Unter Menü, dann https://example.com/hilfe/kalender/vertretung.")
    connector = stage.connector()
    assert connector.find_sent(reply) is None
    receipt = connector.send(reply)
    assert receipt.external_id
    assert receipt.url.startswith("https://")
    assert len(posts(stage)) == 1
    assert connector.find_sent(reply) == receipt


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
def test_a_lost_answer_is_an_unknown_outcome(stage: Stage, failure: type[httpx.TransportError]) -> None:
    reply = stage.reply_to(question(stage))

    def cut(request: httpx.Request) -> httpx.Response:
        raise failure("cut", request=request)

    stage.upset, stage.upset_paths = cut, {stage.send_path}
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)
    assert len(posts(stage)) == 1


def test_what_arrived_although_the_answer_was_lost_is_found(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), "Unter Menü, dann https://example.com/hilfe/kalender/vertretung.")

    def accept_and_cut(request: httpx.Request) -> httpx.Response:
        stage.route(request)
        raise httpx.ReadTimeout("cut", request=request)

    stage.upset, stage.upset_paths = accept_and_cut, {stage.send_path}
    try:
        found = stage.connector().send(reply)
    except OutcomeUnknown:
        found = None
    stage.upset = None
    later = stage.connector().find_sent(reply)
    assert later is not None
    assert found in (None, later)
    assert len(posts(stage)) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_gateway_that_gave_up_is_an_unknown_outcome(stage: Stage, status: int) -> None:
    reply = stage.reply_to(question(stage))
    stage.upset, stage.upset_paths = (lambda _request: httpx.Response(status)), {stage.send_path}
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


@pytest.mark.parametrize("body", [b"", b'{"id": "1', b"<html></html>"])
def test_an_accepted_reply_with_an_unreadable_answer_is_not_pretended_to_have_failed(stage: Stage, body: bytes) -> None:
    reply = stage.reply_to(question(stage))
    stage.upset, stage.upset_paths = (lambda _request: httpx.Response(200, content=body)), {stage.send_path}
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


def test_no_connection_means_that_nothing_left(stage: Stage) -> None:
    reply = stage.reply_to(question(stage))

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    stage.upset, stage.upset_paths = refuse, {stage.send_path}
    with pytest.raises(Passing):
        stage.connector().send(reply)


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (401, NeedsPerson), (422, Refused), (404, Refused)])
def test_a_clear_no_is_told_as_what_it_is(stage: Stage, status: int, error: type[ConnectorError]) -> None:
    reply = stage.reply_to(question(stage))
    body = {"error": "no", "message": "no"}
    stage.upset, stage.upset_paths = (lambda _request: httpx.Response(status, json=body)), {stage.send_path}
    with pytest.raises(error) as caught:
        stage.connector().send(reply)
    assert not isinstance(caught.value, OutcomeUnknown)


def test_a_redirected_reply_is_not_repeated_elsewhere(stage: Stage) -> None:
    reply = stage.reply_to(question(stage))
    moved = httpx.Response(307, headers={"Location": "https://collector.example/in"})
    stage.upset, stage.upset_paths = (lambda _request: moved), {stage.send_path}
    with pytest.raises(NeedsPerson):
        stage.connector().send(reply)
    assert not [request for request in stage.requests if request.url.host == "collector.example"]


def test_what_is_too_long_does_not_leave(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), stage.too_long)
    with pytest.raises(Refused, match="characters"):
        stage.connector().send(reply)
    assert not posts(stage)


def test_a_message_that_does_not_say_what_to_answer_is_refused(stage: Stage) -> None:
    reply = replace(stage.reply_to(question(stage)), parent_handle={}, parent_id="")
    with pytest.raises(Refused):
        stage.connector().send(reply)
    assert not posts(stage)


def test_an_act_can_be_done_twice_and_undone_twice(stage: Stage) -> None:
    message = question(stage)
    connector = stage.connector()
    stage.upset = lambda _request: httpx.Response(200, json={"uri": "at://x/y/z", "cid": "c", "viewer": {}, "id": "1"})
    for name in connector.capabilities.acts:
        stage.upset_paths = _Everything()
        author = message.author.external_id if message.author else ""
        act = Act("act-1", name, message.external_id, author, message.reply_handle, "spam")
        receipt = connector.act(act)
        connector.act(act)
        if name in connector.capabilities.undoable:
            undo = replace(act, undo=True, undo_state=json.loads(json.dumps(dict(receipt.state))))
            connector.act(undo)
            connector.act(undo)


class _Everything(set[str]):
    def __contains__(self, _path: object) -> bool:
        return True
