"""Sending: once, to whom it may concern, and never pretended."""

from dataclasses import replace

import httpx
import pytest

from inbox.connectors.contract import (
    ConnectorError,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    RateLimited,
    Refused,
)
from tests.contract.stage import Stage
from tests.contract.traits import needs, receipted, searched, sending

pytestmark = needs(sending)


ANSWER = "Unter Menü, dann https://example.com/hilfe/kalender/vertretung."


def question(stage: Stage) -> IncomingMessage:
    batches = stage.brought()
    name = stage.name_of(stage.items[-1])
    return next(m for batch in batches for m in batch.messages if m.external_id == name)


def posts(stage: Stage) -> list[httpx.Request]:
    return [request for request in stage.requests if stage.is_send(request)]


@needs(searched)
def test_a_reply_leaves_once_and_is_found_afterwards(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), ANSWER)
    connector = stage.connector()
    assert connector.find_sent(reply) is None
    receipt = connector.send(reply)
    assert receipt.external_id
    assert receipt.url == "" or receipt.url.startswith("https://")
    assert len(posts(stage)) == 1
    assert connector.find_sent(reply) == receipt


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
def test_a_lost_answer_is_an_unknown_outcome(stage: Stage, failure: type[httpx.TransportError]) -> None:
    reply = stage.reply_to(question(stage))

    def cut(request: httpx.Request) -> httpx.Response:
        raise failure("cut", request=request)

    stage.upset, stage.upset_where = cut, stage.is_send
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)
    assert len(posts(stage)) == 1


@needs(searched)
def test_what_arrived_although_the_answer_was_lost_is_found(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), ANSWER)

    def accept_and_cut(request: httpx.Request) -> httpx.Response:
        stage.route(request)
        raise httpx.ReadTimeout("cut", request=request)

    stage.upset, stage.upset_where = accept_and_cut, stage.is_send
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
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(status)), stage.is_send
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


@needs(receipted)
@pytest.mark.parametrize("body", [b"", b'{"id": "1', b"<html></html>"])
def test_an_accepted_reply_with_an_unreadable_answer_is_not_pretended_to_have_failed(stage: Stage, body: bytes) -> None:
    reply = stage.reply_to(question(stage))
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(200, content=body)), stage.is_send
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


def test_no_connection_means_that_nothing_left(stage: Stage) -> None:
    reply = stage.reply_to(question(stage))

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    stage.upset, stage.upset_where = refuse, stage.is_send
    with pytest.raises(Passing):
        stage.connector().send(reply)


def test_a_clear_no_is_told_as_what_it_is(stage: Stage) -> None:
    reply = stage.reply_to(question(stage))
    dialect = ((stage.patience(60), RateLimited), (stage.unauthorised(), NeedsPerson), (stage.refusal(), Refused))
    for answer, error in dialect:
        no = httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        stage.upset, stage.upset_where = (lambda _request, no=no: no), stage.is_send
        assert_told(stage, reply, error)


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (401, NeedsPerson), (422, Refused), (404, Refused)])
def test_a_clear_no_by_its_status_alone_is_understood(stage: Stage, status: int, error: type[ConnectorError]) -> None:
    reply = stage.reply_to(question(stage))
    body = {"error": "no", "message": "no"}
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(status, json=body)), stage.is_send
    assert_told(stage, reply, error)


def assert_told(stage: Stage, reply: OutgoingReply, error: type[ConnectorError]) -> None:
    with pytest.raises(error) as caught:
        stage.connector().send(reply)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert str(caught.value)


def test_a_redirected_reply_is_not_repeated_elsewhere(stage: Stage) -> None:
    reply = stage.reply_to(question(stage))
    moved = httpx.Response(307, headers={"Location": "https://collector.example/in"})
    stage.upset, stage.upset_where = (lambda _request: moved), stage.is_send
    with pytest.raises(NeedsPerson):
        stage.connector().send(reply)
    assert not [request for request in stage.requests if request.url.host == "collector.example"]


def test_what_is_too_long_does_not_leave(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), stage.too_long)
    connector = stage.connector()
    assert connector.length(stage.too_long) > connector.describe().text_limit > 0
    with pytest.raises(Refused):
        connector.send(reply)
    assert not posts(stage)


def test_an_answer_without_words_does_not_leave(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), " \n")
    with pytest.raises(Refused):
        stage.connector().validate(reply)
    with pytest.raises(Refused):
        stage.connector().send(reply)
    assert not posts(stage)


def test_a_person_hears_what_would_not_leave_while_it_can_be_mended(stage: Stage) -> None:
    connector = stage.connector()
    message = question(stage)
    connector.validate(stage.reply_to(message))
    asked = len(stage.requests)
    with pytest.raises(Refused, match=r"\d"):
        connector.validate(stage.reply_to(message, stage.too_long))
    assert len(stage.requests) == asked


def test_a_message_that_does_not_say_what_to_answer_is_refused(stage: Stage) -> None:
    reply = replace(stage.reply_to(question(stage)), parent_handle={}, parent_id="")
    with pytest.raises(Refused):
        stage.connector().send(reply)
    assert not posts(stage)
