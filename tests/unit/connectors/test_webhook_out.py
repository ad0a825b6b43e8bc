"""Ideas as signed webhooks, checked with the receivers' own library."""

import base64
import json

import httpx
import pytest
import respx
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from inbox.connectors.contract import ConnectorError, NeedsPerson, Passing, RateLimited, Refused, Surroundings
from inbox.connectors.tracker_contract import IdeaCard
from inbox.connectors.webhook_out import WebhookOut, WebhookOutSetup
from inbox.trackers.open import NoMemory

URL = "https://team.example/hooks/ideas?from=trellis"
SECRET = "whsec_" + base64.b64encode(b"a secret of 32 bytes is required").decode()
CARD = IdeaCard(
    "idea-1-tracker-2",
    "Dunkles Design",
    "für nachts",
    "https://t.example/ideas/1",
    "Lesen",
    "de",
    3,
    (("bitte", "Ada", ""),),
)


def opened(allow_private: bool = True, secret: str = SECRET, url: str = URL) -> WebhookOut:
    return WebhookOut(
        WebhookOutSetup(url=url, secret=secret), Surroundings(NoMemory(), allow_private_addresses=allow_private)
    )


def test_the_receivers_library_accepts_our_signature() -> None:
    with respx.mock() as router:
        route = router.post(URL).respond(204)
        opened().create(CARD)
    request = route.calls.last.request
    body = Webhook(SECRET).verify(request.content, dict(request.headers))
    assert body["type"] == "idea.handed_over"
    assert body["data"]["title"] == "Dunkles Design"
    assert body["data"]["quotes"] == [{"text": "bitte", "author": "Ada", "url": ""}]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.content + b" ", dict(request.headers))


def test_a_repeat_carries_the_same_id_and_words() -> None:
    with respx.mock() as router:
        route = router.post(URL).respond(200, json={})
        opened().create(CARD)
        opened().create(CARD)
    first, second = (call.request for call in route.calls)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == CARD.key
    assert first.content == second.content


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Refused),
        (401, NeedsPerson),
        (403, NeedsPerson),
        (404, NeedsPerson),
        (410, NeedsPerson),
        (302, NeedsPerson),
        (422, Refused),
        (429, RateLimited),
        (500, Passing),
        (503, Passing),
    ],
)
def test_every_other_answer_says_what_to_do(status: int, error: type[ConnectorError]) -> None:
    with respx.mock() as router:
        router.post(URL).respond(status, headers={"Location": "https://elsewhere.example/"})
        with pytest.raises(error):
            opened().create(CARD)


@pytest.mark.parametrize(
    "fault", [httpx.ReadTimeout("slow"), httpx.ConnectError("no"), httpx.RemoteProtocolError("cut")]
)
def test_a_lost_answer_may_simply_be_tried_again(fault: Exception) -> None:
    with respx.mock() as router:
        router.post(URL).mock(side_effect=fault)
        with pytest.raises(Passing):
            opened().create(CARD)
    assert opened().find_created(CARD) is None


def test_the_check_calls_with_a_test_that_carries_no_idea() -> None:
    with respx.mock() as router:
        route = router.post(URL).respond(200)
        account = opened().check()
    assert account.name == "team.example"
    assert json.loads(route.calls.last.request.content) == {"type": "test", "data": {}}


def test_private_addresses_are_not_called() -> None:
    with pytest.raises((Passing, NeedsPerson)):
        opened(allow_private=False, url="http://127.0.0.1:9/hook").create(CARD)


def test_it_tells_no_state() -> None:
    with pytest.raises(Refused):
        opened().read("x")


@pytest.mark.parametrize("url", ["", "team.example", "ftp://team.example", "https://", "https://me:pw@team.example/"])
def test_wrong_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WebhookOutSetup(url=url, secret=SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all", "whsec_" + "A" * 100])
def test_weak_secrets_are_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookOutSetup(url=URL, secret=secret)
    assert not secret or secret == "whsec_" or secret not in str(caught.value)
