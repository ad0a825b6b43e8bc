"""When the platform fails: each failure is told as what it is, and nothing is taken for an empty inbox."""

import gzip
import time

import httpx
import pytest
from pydantic import SecretStr

from inbox.connectors.contract import ConnectorError, NeedsPerson, Passing, RateLimited, Refused
from tests.contract.stage import Stage
from tests.contract.traits import needs, polled

pytestmark = needs(polled)


def poll(stage: Stage, cursor: object = None) -> None:
    list(stage.connector().poll(stage.stream, cursor, None))


def answering(response: httpx.Response):
    return lambda _request: httpx.Response(response.status_code, headers=response.headers, content=response.content)


def in_two_minutes(form: str) -> str:
    moment = time.time() + 120
    return {
        "epoch": str(int(moment)),
        "iso": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(moment)),
        "date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment)),
        "seconds": "120",
    }[form]


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Retry-After", "seconds"),
        ("Retry-After", "date"),
        ("X-RateLimit-Reset", "iso"),
        ("X-RateLimit-Reset", "epoch"),
        ("RateLimit-Reset", "epoch"),
    ],
)
def test_patience_is_asked_for_in_many_dialects(stage: Stage, header: str, form: str) -> None:
    body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    stage.upset = answering(httpx.Response(429, headers={header: in_two_minutes(form)}, json=body))
    with pytest.raises(RateLimited) as caught:
        poll(stage)
    assert caught.value.retry_after == pytest.approx(120, abs=3)


def test_patience_without_a_time_is_patience(stage: Stage) -> None:
    stage.upset = answering(httpx.Response(429, text="slow down"))
    with pytest.raises(RateLimited) as caught:
        poll(stage)
    assert caught.value.retry_after is None


def test_patience_is_understood_as_this_platform_asks_for_it(stage: Stage) -> None:
    stage.upset = lambda _request: stage.patience(90)
    with pytest.raises(RateLimited) as caught:
        poll(stage)
    assert caught.value.retry_after == (pytest.approx(90, abs=3) if stage.tells_when else None)
    assert str(caught.value)


def test_after_the_wait_nothing_is_missing(stage: Stage) -> None:
    stage.upset = lambda _request: stage.patience(90)
    with pytest.raises(RateLimited):
        poll(stage)
    stage.upset = None
    found = {m.external_id for batch in stage.brought() for m in batch.messages}
    assert set(map(stage.name_of, stage.items)) <= found


def test_wrong_credentials_need_a_person(stage: Stage) -> None:
    stage.upset = lambda _request: stage.unauthorised()
    with pytest.raises(NeedsPerson):
        poll(stage)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_passes(stage: Stage, status: int) -> None:
    stage.upset = answering(httpx.Response(status, text="<html>Bad Gateway</html>"))
    with pytest.raises(Passing):
        poll(stage)


@pytest.mark.parametrize(
    "failure", [httpx.ReadTimeout, httpx.ConnectTimeout, httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError]
)
def test_a_cut_line_passes(stage: Stage, failure: type[httpx.TransportError]) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise failure("cut", request=request)

    stage.upset = cut
    with pytest.raises(Passing):
        poll(stage)


def known(stage: Stage) -> object:
    """The cursor of a platform that has answered well before."""
    return list(stage.connector().poll(stage.stream, None, None))[-1].cursor


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Please wait</body></html>",
        b'[{"id": "1", "ty',
        b'{"notifications": [{"uri"',
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_an_answer_in_the_wrong_form_passes(stage: Stage, body: bytes) -> None:
    cursor = known(stage)
    stage.upset = answering(httpx.Response(200, content=body))
    with pytest.raises(Passing):
        poll(stage, cursor)


@pytest.mark.parametrize("body", [b'{"error": "odd"}', b"[]", b"null", b"3", b'"text"'])
def test_another_shape_is_not_taken_for_an_empty_inbox_without_harm(stage: Stage, body: bytes) -> None:
    cursor = known(stage)
    stage.upset = answering(httpx.Response(200, content=body))
    try:
        poll(stage, cursor)
    except Passing:
        stage.upset = None
    stage.upset = None
    assert sum(batch.fetched for batch in stage.connector().poll(stage.stream, cursor, None)) == 0


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_huge_answer_is_not_swallowed(stage: Stage, is_packed: bool) -> None:
    body = b"[" + b" " * (50 * 1024 * 1024) + b"]"
    headers = {"Content-Encoding": "gzip"} if is_packed else {}
    content = gzip.compress(body, 1) if is_packed else body
    stage.upset = lambda _request: httpx.Response(200, headers=headers, stream=httpx.ByteStream(content))
    with pytest.raises(Refused, match="MB"):
        poll(stage)


def test_a_redirect_elsewhere_takes_no_credentials_along(stage: Stage) -> None:
    target = "https://collector.example/in"
    stage.upset = answering(httpx.Response(302, headers={"Location": target}))
    with pytest.raises(ConnectorError):
        poll(stage)
    strange = [request for request in stage.requests if request.url.host == "collector.example"]
    assert strange
    for request in strange:
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers


@pytest.mark.parametrize("inside", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/latest/meta-data"])
def test_a_redirect_to_a_private_address_is_not_followed(stage: Stage, inside: str) -> None:
    stage.upset = answering(httpx.Response(302, headers={"Location": inside}))
    with pytest.raises(NeedsPerson, match="private address"):
        poll(stage)


def test_redirects_in_circles_end(stage: Stage) -> None:
    stage.upset = lambda request: httpx.Response(302, headers={"Location": str(request.url)})
    with pytest.raises(NeedsPerson, match="circles"):
        poll(stage)
    assert len(stage.requests) < 20


def test_no_error_tells_a_secret(stage: Stage) -> None:
    fields = stage.connector().setup.model_fields
    secrets = [value for name, value in stage.settings.items() if fields[name].annotation is SecretStr]
    for status in (400, 401, 403, 404, 418, 429, 500):
        stage.upset = answering(httpx.Response(status, json={"error": "no"}))
        with pytest.raises(ConnectorError) as caught:
            poll(stage)
        assert not any(secret in str(caught.value) for secret in secrets)
        assert str(caught.value)
