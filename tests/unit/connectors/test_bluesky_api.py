"""The session: made rarely, renewed in time, saved before it is used, and shared with whoever else holds the memory."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from inbox.connectors.bluesky_api import BlueskyApi
from inbox.connectors.contract import NeedsPerson, OutcomeUnknown, Passing, RateLimited, Refused, Surroundings
from tests.contract.stage import Remembering

EXPIRED = {"error": "ExpiredToken", "message": "Token has expired"}


class Memory(Remembering):
    def __init__(self) -> None:
        super().__init__()
        self.saves = 0

    def save(self, state: Mapping[str, Any]) -> None:
        super().save(state)
        self.saves += 1


class Service:
    """Gives out sessions 1, 2, 3 …; only the newest is good."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.number = 0
        self.calls: list[str] = []
        self.refuses_refresh = False
        self.refuses_password: httpx.Response | None = None
        self.home = "https://home.example"
        self.active: bool | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition("/")[2].rpartition(".")[2]
        self.calls.append(f"{method} {request.url.host}")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "createSession":
            return self.refuses_password or self.session()
        if method == "refreshSession":
            if self.refuses_refresh or token != f"refresh-{self.number}":
                return httpx.Response(400, json=EXPIRED)
            return self.session()
        if token != f"access-{self.number}":
            return httpx.Response(400, json=EXPIRED)
        assert self.memory.state["access"] == token, "used before it was saved"
        return httpx.Response(200, json={"ok": self.number})

    def session(self) -> httpx.Response:
        self.number += 1
        service = [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.home}]
        body = {
            "did": "did:plc:us",
            "handle": "us.example",
            "accessJwt": f"access-{self.number}",
            "refreshJwt": f"refresh-{self.number}",
            "didDoc": {"service": service},
        }
        return httpx.Response(200, json=body | ({"active": self.active} if self.active is not None else {}))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def service(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service(memory)

    def handle(_self: object, request: httpx.Request) -> httpx.Response:
        request.read()
        return made(request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    return made


def opened(memory: Memory) -> BlueskyApi:
    return BlueskyApi("https://door.example", "us.example", "abcd", Surroundings(memory))


def test_one_sign_in_serves_many_polls(service: Service, memory: Memory) -> None:
    for _ in range(5):
        with opened(memory) as api:
            assert api.get("app.x", {}) == {"ok": 1}
    assert service.calls.count("createSession door.example") == 1
    assert memory.saves == 1


def test_the_account_is_spoken_to_at_its_home(service: Service, memory: Memory) -> None:
    with opened(memory) as api:
        api.get("app.x", {})
    assert service.calls == ["createSession door.example", "x home.example"]


@pytest.mark.parametrize("home", ["http://home.example", "ftp://x", "https://", "no address", None, 7])
def test_a_home_that_is_not_safe_to_speak_to_is_ignored(service: Service, memory: Memory, home: Any) -> None:
    service.home = home
    with opened(memory) as api:
        api.get("app.x", {})
    assert service.calls[-1] in {"x door.example", "x "}


def test_an_expired_session_is_renewed_and_saved_before_use(service: Service, memory: Memory) -> None:
    with opened(memory) as api:
        api.get("app.x", {})
        service.session()  # the server forgets the tokens it gave
        service.number = 1
        memory.state["access"] = api.session["access"] = "access-0"
        assert api.get("app.x", {}) == {"ok": 2}
    assert "createSession door.example" not in service.calls[1:]
    assert memory.state["refresh"] == "refresh-2"


def test_a_session_renewed_by_another_process_is_taken_over(service: Service, memory: Memory) -> None:
    with opened(memory) as mine, opened(memory) as theirs:
        mine.get("app.x", {})
        theirs.get("app.x", {})
        service.number = 1
        mine.session["access"] = theirs.session["access"] = memory.state["access"] = "access-0"
        mine.get("app.x", {})
        renewed = service.calls.count("refreshSession home.example")
        assert theirs.get("app.x", {}) == {"ok": 2}
    assert service.calls.count("refreshSession home.example") == renewed


def test_a_session_is_renewed_by_one_at_a_time(
    service: Service, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = threading.Lock()

    @contextmanager
    def alone() -> Iterator[None]:
        with inside:
            yield

    monkeypatch.setattr(memory, "alone", alone)
    with opened(memory) as api:
        api.get("app.x", {})
    memory.state["access"] = "access-0"

    def ask() -> None:
        with opened(memory) as api:
            api.get("app.x", {})

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert service.calls.count("refreshSession home.example") == 1


def test_when_the_refresh_is_spent_it_signs_in_anew(service: Service, memory: Memory) -> None:
    with opened(memory) as api:
        api.get("app.x", {})
        service.number, service.refuses_refresh = 7, True
        assert api.get("app.x", {}) == {"ok": 8}
    assert service.calls.count("createSession door.example") == 2


def test_a_change_is_made_once_even_when_the_token_expired(service: Service, memory: Memory) -> None:
    with opened(memory) as api:
        api.get("app.x", {})
        service.number = 1
        api.session["access"] = memory.state["access"] = "access-0"
        assert api.post("app.change", {}) == {"ok": 2}
    assert service.calls.count("change home.example") == 2  # one of them was refused before anything was done


def test_another_account_does_not_inherit_the_session(service: Service, memory: Memory) -> None:
    with opened(memory) as api:
        api.get("app.x", {})
    with BlueskyApi("https://door.example", "other.example", "abcd", Surroundings(memory)) as api:
        api.get("app.x", {})
    assert service.calls.count("createSession door.example") == 2


@pytest.mark.parametrize("state", [{"v": 1}, {"v": 2, "access": "x"}, {"access": None}, {"v": 1, "service": 7}])
def test_a_memory_of_another_form_is_forgotten(service: Service, memory: Memory, state: dict[str, Any]) -> None:
    memory.state = state
    with opened(memory) as api:
        assert api.get("app.x", {}) == {"ok": 1}


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (
            httpx.Response(401, json={"error": "AuthenticationRequired", "message": "Invalid identifier or password"}),
            NeedsPerson,
        ),
        (httpx.Response(401, json={"error": "AuthFactorTokenRequired", "message": "…"}), NeedsPerson),
        (httpx.Response(400, json={"error": "InvalidRequest"}), NeedsPerson),
        (httpx.Response(404), NeedsPerson),
        (httpx.Response(429, headers={"RateLimit-Reset": "60"}, json={"error": "RateLimitExceeded"}), RateLimited),
        (httpx.Response(502), Passing),
        (httpx.Response(200, text="<html>"), Passing),
        (httpx.Response(200, json={"did": "x"}), Passing),
        (httpx.Response(200, json=[]), Passing),
    ],
)
def test_a_sign_in_that_fails_is_told_as_what_it_is(
    service: Service, memory: Memory, response: httpx.Response, error: type[Exception]
) -> None:
    service.refuses_password = response
    with opened(memory) as api, pytest.raises(error) as caught:
        api.get("app.x", {})
    assert not isinstance(caught.value, OutcomeUnknown)
    assert "abcd" not in str(caught.value)
    assert service.calls == ["createSession door.example"]


def test_a_second_factor_is_answered_with_advice(service: Service, memory: Memory) -> None:
    service.refuses_password = httpx.Response(401, json={"error": "AuthFactorTokenRequired"})
    with opened(memory) as api, pytest.raises(NeedsPerson, match="app password"):
        api.get("app.x", {})


def test_an_account_that_is_switched_off_needs_a_person(service: Service, memory: Memory) -> None:
    service.active = False
    with opened(memory) as api, pytest.raises(NeedsPerson, match="not active"):
        api.get("app.x", {})


def test_a_no_that_has_nothing_to_do_with_tokens_is_not_asked_twice(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(memory)
    calls: list[str] = []

    def handle(_self: object, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.url.path.endswith("app.x"):
            calls.append(json.dumps(request.url.path))
            return httpx.Response(400, json={"error": "InvalidRequest", "message": "no"})
        return service(request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    with opened(memory) as api, pytest.raises(Refused):
        api.get("app.x", {})
    assert len(calls) == 1
