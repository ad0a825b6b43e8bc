"""Meta's codes as what they mean, its proof of the app, the handshake, and what a delivery must be."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from inbox.connectors.contract import (
    ConnectorError,
    Gone,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
    Surroundings,
)
from inbox.connectors.meta_api import MetaApi, delivered, greeted, understood
from tests.contract.stage import Remembering


def failure(code: int, subcode: int = 0, *, kind: type[ConnectorError] = Refused, **more: Any) -> ConnectorError:
    error = {"message": "words", "code": code, "error_subcode": subcode, "fbtrace_id": "Trace1", **more}
    return kind("status words", status=400, answer={"error": error})


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (190, 463, NeedsPerson),
        (10, 0, NeedsPerson),
        (200, 0, NeedsPerson),
        (299, 0, NeedsPerson),
        (10, 2018278, Refused),
        (131047, 0, Refused),
        (4, 0, RateLimited),
        (32, 0, RateLimited),
        (613, 0, RateLimited),
        (80001, 0, RateLimited),
        (131056, 0, RateLimited),
        (368, 0, NeedsPerson),
        (100, 33, Gone),
        (803, 0, Gone),
        (100, 0, Refused),
        (551, 0, Refused),
        (506, 0, Refused),
        (2, 0, Passing),
    ],
)
def test_a_code_is_told_as_what_it_means(code: int, subcode: int, kind: type[ConnectorError]) -> None:
    error = understood(failure(code, subcode), changes=False)
    assert type(error) is kind
    assert "Trace1" in str(error)


def test_of_a_change_that_meta_stumbled_over_nobody_knows() -> None:
    assert type(understood(failure(1), changes=True)) is OutcomeUnknown
    assert type(understood(failure(999, is_transient=True), changes=True)) is Passing


def test_a_status_keeps_its_meaning_when_the_code_is_strange() -> None:
    assert type(understood(failure(99999, kind=RateLimited), changes=False)) is RateLimited
    assert type(understood(failure(99999, kind=NeedsPerson), changes=False)) is NeedsPerson
    unread = Refused("status words", status=400)
    assert understood(unread, changes=False) is unread


def test_the_words_for_the_person_come_first() -> None:
    error = understood(failure(100, error_user_msg="Bitte den Beitrag prüfen."), changes=False)
    assert "Bitte den Beitrag prüfen." in str(error)


def test_the_token_travels_in_a_header_with_its_proof() -> None:
    with MetaApi(Surroundings(Remembering()), "EAAtoken", "appsecret") as api:
        request = api.client.build_request("GET", "/me", params={"fields": "id"})
    proof = hmac.new(b"appsecret", b"EAAtoken", hashlib.sha256).hexdigest()
    assert request.headers["Authorization"] == "Bearer EAAtoken"
    assert dict(request.url.params) == {"appsecret_proof": proof, "fields": "id"}


def test_without_a_word_of_ones_own_nobody_is_greeted() -> None:
    with pytest.raises(Refused):
        greeted({"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}, "")


@pytest.mark.parametrize("sent", [[], {}, {"object": "user", "entry": []}, {"object": "page", "entry": {}}])
def test_a_signed_delivery_about_something_else_is_refused(sent: Any) -> None:
    body = json.dumps(sent).encode()
    digest = hmac.new(b"s", body, hashlib.sha256).hexdigest()
    with pytest.raises(Refused):
        delivered({"X-Hub-Signature-256": f"sha256={digest}"}, body, "s", "page")
