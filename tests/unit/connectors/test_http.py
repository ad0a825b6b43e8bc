"""The guard at the border: where requests may go, how much they may bring back, and what failures are called."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore
import httpx
import pytest

from inbox.connectors import http as border
from inbox.connectors.contract import ConnectorError, Gone, NeedsPerson, OutcomeUnknown, Passing, RateLimited, Refused
from inbox.connectors.deadline import TimedBackend
from inbox.connectors.http import (
    GuardedBackend,
    fetch,
    is_public,
    open_client,
    raise_for_status,
    read_json,
    retry_after,
    submit,
    told_by,
)
from inbox.connectors.no_connection import PrivateAddress

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


class Pages(BaseHTTPRequestHandler):
    """Answers that a stranger might give."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * 3_000_000 if self.path == "/large" else b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # Takes the request and hangs up.
        self.seen.append({"path": self.path})
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, str]]]]:
    handler = type("Handler", (Pages,), {"seen": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", handler.seen
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "0", "[::ffff:127.0.0.1]"]
)
def test_every_way_to_write_this_machine_is_refused(server: tuple[str, list[dict[str, str]]], host: str) -> None:
    port = server[0].rpartition(":")[2]
    with open_client(allow_private=False) as client, pytest.raises(ConnectorError):
        fetch(client, "GET", f"http://{host}:{port}/")
    assert server[1] == []


def test_the_guard_is_in_the_way_of_real_connections(server: tuple[str, list[dict[str, str]]]) -> None:
    """httpx offers no public place for the guard; this fails on the day it stops honouring the private one."""
    with open_client(allow_private=False) as client:
        assert isinstance(client._transport._pool._network_backend, GuardedBackend)  # type: ignore[attr-defined]
        with pytest.raises(NeedsPerson, match="private address"):
            fetch(client, "GET", server[0])
    with open_client(allow_private=True) as client:
        assert isinstance(client._transport._pool._network_backend, TimedBackend)  # type: ignore[attr-defined]
        assert read_json(fetch(client, "GET", server[0])) == {"ok": True}


def test_a_redirect_into_the_house_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.host == "open.example":
            return httpx.Response(302, headers={"Location": "http://169.254.169.254/latest"})
        return original(self, request)

    original = httpx.HTTPTransport.handle_request
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    with (
        open_client(allow_private=False) as client,
        pytest.raises(NeedsPerson, match=r"169\.254\.169\.254 is a private"),
    ):
        fetch(client, "GET", "https://open.example/")


def resolving(*addresses: str) -> Callable[..., list[tuple[object, ...]]]:
    return lambda _host, port, **_options: [(2, 1, 6, "", (address, port)) for address in addresses]


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("8.8.8.8", "10.0.0.1"))
    with pytest.raises(PrivateAddress):
        GuardedBackend().connect_tcp("two-faced.example", 443)


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def connect(self: object, host: str, *_rest: object) -> str:
        tried.append(host)
        if host == "8.8.8.8":
            raise httpcore.ConnectError("unreachable")
        return "stream"

    monkeypatch.setattr(socket, "getaddrinfo", resolving("8.8.8.8", "8.8.4.4"))
    monkeypatch.setattr(TimedBackend, "connect_tcp", connect)
    assert GuardedBackend().connect_tcp("dns.example", 443) == "stream"
    assert tried == ["8.8.8.8", "8.8.4.4"]


def test_a_name_that_is_none_passes() -> None:
    with open_client(allow_private=False) as client, pytest.raises(Passing, match=r"nowhere\.invalid cannot be found"):
        fetch(client, "GET", "http://nowhere.invalid/")


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "no address", "http://"])
def test_what_is_no_web_address_needs_a_person(url: str) -> None:
    with open_client(allow_private=True) as client, pytest.raises(NeedsPerson):
        fetch(client, "GET", url)


def test_proxies_and_cookies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with open_client(allow_private=False) as client:
        assert not any(client._mounts.values())


def test_a_large_answer_is_given_up(server: tuple[str, list[dict[str, str]]]) -> None:
    with open_client(allow_private=True) as client, pytest.raises(Refused, match="more than 2 MB"):
        fetch(client, "GET", server[0] + "/large", limit=2 * 1024 * 1024)


def test_a_drip_of_an_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "WHOLE_ANSWER_SECONDS", -1.0)
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=b"{}"))
    with open_client(allow_private=True, transport=transport) as client:
        with pytest.raises(Passing, match="ReadTimeout"):
            fetch(client, "GET", "https://slow.example/")
        with pytest.raises(OutcomeUnknown):
            submit(client, "POST", "https://slow.example/")


def test_a_redirect_on_the_same_host_keeps_the_credentials(server: tuple[str, list[dict[str, str]]]) -> None:
    with open_client(allow_private=True, headers={"Authorization": "Bearer s"}) as client:
        response = fetch(client, "GET", server[0] + "/to//end", params={"q": "1"})
    assert server[1][-1]["authorization"] == "Bearer s"
    assert response.url.path == "/end"


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "Cookie", "PRIVATE-TOKEN"])
def test_a_redirect_to_another_port_or_host_takes_no_credentials(
    server: tuple[str, list[dict[str, str]]], name: str
) -> None:
    target = server[0].replace("127.0.0.1", "localhost")
    with open_client(allow_private=True, headers={name: "s", "Accept": "text/xml"}) as client:
        fetch(client, "GET", f"{server[0]}/to/{target}/end")
    first, last = server[1]
    assert first[name.lower()] == "s"
    assert name.lower() not in last
    assert last["accept"] == "text/xml"
    assert last["host"].startswith("localhost:")


def test_a_change_hung_up_on_has_an_unknown_outcome(server: tuple[str, list[dict[str, str]]]) -> None:
    with open_client(allow_private=True) as client, pytest.raises(OutcomeUnknown, match="may have been accepted"):
        submit(client, "POST", server[0] + "/post", json={"a": 1})
    assert len(server[1]) == 1


def test_a_change_that_finds_no_server_did_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with open_client(allow_private=True) as client, pytest.raises(Passing, match=r"127\.0\.0\.1 refuses"):
        submit(client, "POST", f"http://127.0.0.1:{port}/", json={})


def test_a_server_without_tls_is_told_from_one_that_is_not_there(server: tuple[str, list[dict[str, str]]]) -> None:
    with open_client(allow_private=True) as client, pytest.raises(Passing, match="does not speak TLS"):
        fetch(client, "GET", server[0].replace("http:", "https:"))


@pytest.mark.parametrize("silence", [httpcore.ConnectTimeout(TimeoutError("timed out")), httpcore.ConnectTimeout()])
def test_a_server_that_is_silent_is_named(monkeypatch: pytest.MonkeyPatch, silence: Exception) -> None:
    def wait(*_: object, **__: object) -> None:
        raise silence

    monkeypatch.setattr(GuardedBackend, "connect_tcp", wait)
    with open_client(allow_private=False) as client, pytest.raises(Passing, match=r"silent\.example does not answer"):
        fetch(client, "GET", "https://silent.example/")


def response(status: int, **options: object) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("GET", "https://host.example/x"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, NeedsPerson),
        (400, Refused),
        (401, NeedsPerson),
        (403, NeedsPerson),
        (404, Gone),
        (408, Passing),
        (410, Gone),
        (418, Refused),
        (422, Refused),
        (429, RateLimited),
        (500, Passing),
        (503, Passing),
        (599, Passing),
    ],
)
def test_every_status_has_its_error(status: int, error: type[ConnectorError]) -> None:
    with pytest.raises(error, match=r"host\.example"):
        raise_for_status(response(status))


@pytest.mark.parametrize("status", [200, 204, 304])
def test_no_error_is_made_of_success(status: int) -> None:
    raise_for_status(response(status))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": "bad", "error_description": "worse"}, "bad: worse"),
        ({"error": "ExpiredToken", "message": "Token has expired"}, "ExpiredToken: Token has expired"),
        ({"message": "a\n b"}, "a b"),
        ({"error": {"code": 1}}, ""),
        (["x"], ""),
        ("x", ""),
    ],
)
def test_what_the_platform_says_is_passed_on(body: object, told: str) -> None:
    assert told_by(response(400, json=body)) == told


def test_what_the_platform_says_is_cut() -> None:
    assert len(told_by(response(400, json={"error": "x" * 10_000}))) <= 300


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, 86_400),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "999999999999"}, 86_400),
        ({"X-RateLimit-Reset-After": "7.25"}, 7.25),
        ({"Retry-After": "3", "X-RateLimit-Reset": "2099-01-01T00:00:00Z"}, 3),
        ({"X-RateLimit-Reset": "2001-01-01T00:00:00Z"}, 0),
        ({"X-RateLimit-Reset": "2099-01-01T00:00:00.000Z"}, 86_400),
    ],
)
def test_patience_is_read_from_whatever_is_given(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(response(429, headers=headers)) == seconds


def test_a_moment_is_compared_with_the_clock_that_named_it() -> None:
    theirs = datetime.now(UTC) + timedelta(hours=3)
    headers = {
        "Date": theirs.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "X-RateLimit-Reset": (theirs + timedelta(seconds=30)).isoformat(),
    }
    assert retry_after(response(429, headers=headers)) == pytest.approx(30, abs=1.1)


@pytest.mark.parametrize("content", [b"<html>", b"", b'{"a":', b"\xff", b"[" * 200_000])
def test_what_is_not_json_passes(content: bytes) -> None:
    with pytest.raises(Passing, match="not JSON"):
        read_json(response(200, content=content))
