"""Signing in by OAuth: the code is exchanged once, tokens are renewed in time, alone, and saved before they are used."""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from inbox.clock import now
from inbox.connectors.contract import NeedsPerson, Passing, Setup, SignIn, Surroundings
from inbox.connectors.oauth import access_token, consent_address, exchange, new_verifier, saved_tokens
from tests.contract.stage import Remembering

SIGN_IN = SignIn("https://id.example/authorize?v=2", "https://id.example/token", ("read", "write"))


class Own(Setup):
    client_id: str = "client-1"
    client_secret: SecretStr = SecretStr("geheim")


class Locked(Remembering):
    """A memory that one thread at a time may be alone with."""

    lock = threading.RLock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self.lock:
            yield


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the token endpoint was sent; it rotates: each refresh token is good once."""
    forms: list[dict[str, str]] = []

    def answer(_transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.read().decode()).items()}
        spent = {each.get("refresh_token") for each in forms}
        forms.append(form)
        if form.get("refresh_token") in spent - {None}:
            response = httpx.Response(400, json={"error": "invalid_grant"})
        else:
            number = len(forms)
            response = httpx.Response(
                200,
                json={
                    "access_token": f"access-{number}",
                    "refresh_token": f"refresh-{number}",
                    "expires_in": 3600,
                    "scope": "read,write",
                },
            )
        response.request = request
        return response

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    return forms


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda _transport, request: answer(request))


def tokens(**changed: Any) -> dict[str, Any]:
    ended = (now() - timedelta(hours=1)).isoformat()
    return {"access_token": "access-0", "refresh_token": "refresh-0", "expires_at": ended, "scopes": ["read"]} | changed


def test_the_consent_page_gets_a_challenge_and_never_the_verifier() -> None:
    verifier = new_verifier()
    address = consent_address(SIGN_IN, "client-1", redirect_uri="https://t.example/back", state="s", verifier=verifier)
    query = parse_qs(urlsplit(address).query)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert query["code_challenge"] == [digest]
    assert query["code_challenge_method"] == ["S256"]
    assert query["scope"] == ["read write"]
    assert query["v"] == ["2"]
    assert verifier not in address
    assert 43 <= len(verifier) <= 128


def test_a_code_becomes_tokens_that_are_kept_beside_the_rest(asked: list[dict[str, str]]) -> None:
    memory = Remembering(us={"id": "7"})
    exchange(SIGN_IN, Own(), Surroundings(memory), code="c", redirect_uri="https://t.example/back", verifier="v" * 43)
    assert asked[0]["code_verifier"] == "v" * 43
    assert asked[0]["client_secret"] == "geheim"
    kept = saved_tokens(Surroundings(memory))
    assert kept is not None
    assert (kept.access_token, kept.scopes) == ("access-1", ("read", "write"))
    assert memory.state["us"] == {"id": "7"}


def test_a_token_that_lasts_is_not_renewed(asked: list[dict[str, str]]) -> None:
    memory = Remembering(tokens=tokens(expires_at=(now() + timedelta(hours=1)).isoformat()))
    assert access_token(SIGN_IN, Own(), Surroundings(memory)) == "access-0"
    assert asked == []


def test_a_token_that_was_refused_is_renewed_though_it_should_last(asked: list[dict[str, str]]) -> None:
    memory = Remembering(tokens=tokens(expires_at=""))
    assert access_token(SIGN_IN, Own(), Surroundings(memory), refused="access-0") == "access-1"
    assert len(asked) == 1


def test_a_rotated_token_is_saved_before_it_is_used(asked: list[dict[str, str]]) -> None:
    memory = Remembering(tokens=tokens())
    token = access_token(SIGN_IN, Own(), Surroundings(memory))
    assert memory.state["tokens"]["access_token"] == token == "access-1"
    assert memory.state["tokens"]["refresh_token"] == "refresh-1"


def test_eight_at_once_renew_it_once(asked: list[dict[str, str]]) -> None:
    memory, found = Locked(tokens=tokens()), []

    def ask() -> None:
        found.append(access_token(SIGN_IN, Own(), Surroundings(memory)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == ["access-1"] * 8
    assert len(asked) == 1


def test_a_platform_that_does_not_rotate_keeps_the_refresh_token(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, lambda _request: httpx.Response(200, json={"access_token": "new", "expires_in": "3600"}))
    memory = Remembering(tokens=tokens())
    access_token(SIGN_IN, Own(), Surroundings(memory))
    assert memory.state["tokens"]["refresh_token"] == "refresh-0"
    assert memory.state["tokens"]["scopes"] == ("read",)


@pytest.mark.parametrize("state", [{}, {"tokens": None}, {"tokens": "x"}, {"tokens": {"odd": 1}}])
def test_nobody_has_signed_in(state: dict[str, Any]) -> None:
    with pytest.raises(NeedsPerson, match="sign in"):
        access_token(SIGN_IN, Own(), Surroundings(Remembering(**state)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), NeedsPerson),
        (httpx.Response(401, json={"error": "invalid_client"}), NeedsPerson),
        (httpx.Response(200, json={"error": "bad_verification_code", "error_description": "spent"}), NeedsPerson),
        (httpx.Response(200, text="<html>"), Passing),
        (httpx.Response(503, text="later"), Passing),
        (httpx.Response(429, headers={"Retry-After": "9"}), Passing),
    ],
)
def test_a_renewal_that_fails_says_who_must_act(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, expected: type[Exception]
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content, request=request)

    answering(monkeypatch, respond)
    memory = Remembering(tokens=tokens())
    with pytest.raises(expected) as caught:
        access_token(SIGN_IN, Own(), Surroundings(memory))
    assert "geheim" not in str(caught.value)
    assert "refresh-0" not in str(caught.value)
    assert memory.state["tokens"]["refresh_token"] == "refresh-0"


def test_a_permission_without_renewal_needs_a_person(asked: list[dict[str, str]]) -> None:
    with pytest.raises(NeedsPerson, match="run out"):
        access_token(SIGN_IN, Own(), Surroundings(Remembering(tokens=tokens(refresh_token=""))))
    assert asked == []
