"""What a person sees of a raw payload: all of it, but nothing that opens a door."""

import json

import pytest

from inbox.channels.redact import redact

SECRET = "Zx81-very-secret"


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps({"id": 1, "access_token": SECRET}),
        json.dumps({"a": [{"Authorization": f"Bearer {SECRET}"}]}),
        json.dumps({"client_secret": {"value": SECRET}}),
        json.dumps({"url": f"https://cdn.example/x.png?sig=1&token={SECRET}&w=3"}),
        json.dumps({"password": SECRET})[:-1],
        f"X-Api-Key: {SECRET}\nSubject: Hello",
        f"Authorization: Bearer {SECRET}\nHello",
        f"callback?api_key={SECRET}",
        f"{{'apikey': '{SECRET}'",
    ],
)
def test_what_looks_like_a_credential_is_hidden(raw: str) -> None:
    assert SECRET not in redact(raw)
    assert "•••" in redact(raw)


def test_everything_else_is_shown_as_it_came() -> None:
    shown = redact(json.dumps({"id": 7, "text": "Grüße, wie geht's?", "tags": ["a"]}))
    assert json.loads(shown) == {"id": 7, "text": "Grüße, wie geht's?", "tags": ["a"]}
    assert redact("From: mia@example.org\n\nHello") == "From: mia@example.org\n\nHello"


def test_large_and_deep_ones_are_cut() -> None:
    assert len(redact("x" * 100_000)) == 4_001
    assert len(redact("[" * 50_000)) == 4_001
