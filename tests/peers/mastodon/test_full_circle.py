"""Mastodon's API on a server by others, through the whole house: written there, read here, answered, moderated, seen there."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from inbox.channels.models import ChannelState, Pause
from inbox.clock import now
from inbox.connectors.contract import ActName, Visibility
from inbox.conversations.models import Direction
from inbox.outbox.models import DeliveryState
from tests.peers.house import House
from tests.peers.mastodon.mock_server import MockServer

pytestmark = [pytest.mark.peers, pytest.mark.timeout(400)]
SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def account(house: House, mastodon_server: MockServer, signed_in: SignIn) -> Iterator[House]:
    """A house that listens to brand's account, on a server that stumbles only when told."""
    house.connect("mastodon", server=mastodon_server.url, access_token="token-of-brand")
    yield house
    signed_in("brand").delete("/api/v1/_mock/faults").raise_for_status()


def write(client: httpx.Client, text: str, **more: Any) -> str:
    """Somebody posts; gives the status's id."""
    return str(client.post("/api/v1/statuses", json={"status": text, **more}).raise_for_status().json()["id"])


def stumble(client: httpx.Client, path: str, method: str = "GET", count: int = 1, **effect: Any) -> None:
    """Let the server fail at these requests."""
    rule = {"match": {"methods": [method], "path": path}, "effect": effect, "count": count}
    client.post("/api/v1/_mock/faults", json=rule).raise_for_status()


def seen_below(client: httpx.Client, status_id: str) -> list[dict[str, Any]]:
    """What stands below a status, as somebody sees it."""
    below: list[dict[str, Any]] = (
        client.get(f"/api/v1/statuses/{status_id}/context").raise_for_status().json()["descendants"]
    )
    return below


def between(client: httpx.Client, account_id: str) -> dict[str, Any]:
    """How an account stands to another one."""
    query = {"id[]": account_id}
    (found,) = client.get("/api/v1/accounts/relationships", params=query).raise_for_status().json()
    return dict(found)


def own_id(client: httpx.Client) -> str:
    return str(client.get("/api/v1/accounts/verify_credentials").raise_for_status().json()["id"])


def test_a_question_is_answered_and_the_talk_goes_on(account: House, signed_in: SignIn) -> None:
    brand, fan = signed_in("brand"), signed_in("fan")
    root = write(brand, "Launch day")
    question = write(fan, "@brand where is my order? 🌱", in_reply_to_id=root)
    message = account.received(question)
    assert (message.text, account.conversation_of(question).external_id) == ("@brand where is my order? 🌱", root)
    answer = account.done(account.reply(question, "On its way").id)
    assert [each["id"] for each in seen_below(fan, question)] == [answer.external_id]
    account.poll()
    assert account.talk(question) == [root, question, answer.external_id]
    thanks = write(fan, "@brand thank you", in_reply_to_id=answer.external_id)
    assert account.received(thanks).conversation_id == message.conversation_id
    assert account.is_balanced()


def test_a_private_question_is_answered_in_private(account: House, signed_in: SignIn) -> None:
    secret = write(signed_in("fan"), "@brand please delete my account", visibility="direct")
    assert account.received(secret).visibility == Visibility.DIRECT
    answer = account.done(account.reply(secret, "Done").id)
    assert signed_in("fan").get(f"/api/v1/statuses/{answer.external_id}").json()["visibility"] == "direct"


def test_a_like_is_seen_by_its_author_and_taken_back(account: House, signed_in: SignIn) -> None:
    fan = signed_in("fan")
    praise = write(fan, "@brand you saved my day")
    account.received(praise)
    done = account.act(praise, ActName.LIKE)
    assert fan.get(f"/api/v1/statuses/{praise}").json()["favourites_count"] == 1
    assert "favourite" in [entry["type"] for entry in fan.get("/api/v1/notifications").json()]
    account.undo(done)
    assert fan.get(f"/api/v1/statuses/{praise}").json()["favourites_count"] == 0


def test_an_author_who_is_blocked_sees_it_and_is_let_in_again(account: House, signed_in: SignIn) -> None:
    brand, other = signed_in("brand"), signed_in("other")
    insult = write(other, "@brand buy now")
    account.received(insult)
    done = account.act(insult, ActName.BLOCK)
    assert between(other, own_id(brand))["blocked_by"]
    assert account.is_shut_out(insult)
    account.an_hour_later()
    assert account.stored(insult).text
    account.undo(done)
    assert not between(other, own_id(brand))["blocked_by"]
    assert not account.is_shut_out(insult)
    assert account.received(write(other, "@brand sorry")).text


def test_an_author_is_muted_without_knowing_it_and_heard_again(account: House, signed_in: SignIn) -> None:
    brand, other = signed_in("brand"), signed_in("other")
    insult = write(other, "@brand buy now")
    account.received(insult)
    done = account.act(insult, ActName.MUTE)
    assert between(brand, own_id(other))["muting"]
    assert not between(other, own_id(brand))["blocked_by"]
    account.undo(done)
    assert not between(brand, own_id(other))["muting"]


def test_a_mute_can_be_for_a_week(account: House, signed_in: SignIn) -> None:
    brand, other = signed_in("brand"), signed_in("other")
    insult, until = write(other, "@brand buy now"), now() + timedelta(days=7)
    account.received(insult)
    done = account.act(insult, ActName.MUTE, until=until)
    told = datetime.fromisoformat(between(brand, own_id(other))["muting_expires_at"])
    assert abs(told - until) < timedelta(minutes=1)
    account.undo(done)
    assert not between(brand, own_id(other))["muting"]


def test_what_its_author_deletes_or_rewrites_is_so_here(account: House, signed_in: SignIn) -> None:
    fan = signed_in("fan")
    gone, changed = write(fan, "@brand forget this"), write(fan, "@brand first words")
    for each in (gone, changed):
        account.received(each)
    fan.delete(f"/api/v1/statuses/{gone}").raise_for_status()
    fan.put(f"/api/v1/statuses/{changed}", json={"status": "@brand second words"}).raise_for_status()
    account.an_hour_later()
    assert (account.stored(gone).text, bool(account.stored(gone).deleted_at)) == ("", True)
    assert account.stored(changed).text == "@brand second words"


def test_a_report_lies_before_the_moderators(account: House, signed_in: SignIn) -> None:
    insult = write(signed_in("other"), "@brand you are all idiots")
    account.received(insult)
    account.act(insult, ActName.REPORT)
    reports = signed_in("moderator").get("/api/v1/admin/reports").raise_for_status().json()
    assert [status["id"] for report in reports for status in report["statuses"]] == [insult]


def test_hashtags_that_nobody_addressed_to_us_are_met(
    house: House, mastodon_server: MockServer, signed_in: SignIn
) -> None:
    values = {"server": mastodon_server.url, "access_token": "token-of-brand"}
    house.connect("mastodon", watch="#runnerbeans", **values)
    met = write(signed_in("other"), "Does anybody grow #runnerbeans?")
    assert house.received(met).direction == Direction.IN
    answer = house.done(house.reply(met, "We do").id)
    assert answer.external_id in [each["id"] for each in seen_below(signed_in("other"), met)]


# ── a server that stumbles ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_asks_for_patience_gets_it(account: House, signed_in: SignIn) -> None:
    question = write(signed_in("fan"), "@brand still there?")
    stumble(signed_in("brand"), "/api/v1/notifications", type="ratelimit", headers={"Retry-After": "300"})
    account.poll_once()
    stream = account.stream("mentions")
    assert (stream.pause, stream.failures, account.channel().state) == (Pause.RATE, 0, ChannelState.ACTIVE)
    assert stream.due_at and (stream.due_at - now()).total_seconds() > 250
    # Nothing was lost by waiting.
    assert account.find(question) is None
    account.forget_budgets()
    assert account.received(question).text


@pytest.mark.parametrize(
    "effect",
    [
        {"type": "malformed"},
        {"type": "malformed", "truncate": False},
        {"type": "status", "status": 503},
        {"type": "timeout"},
    ],
    ids=["cut off", "no JSON", "away", "silent"],
)
def test_a_server_that_stumbles_is_told_and_asked_again(
    account: House, signed_in: SignIn, effect: dict[str, Any]
) -> None:
    question = write(signed_in("fan"), "@brand still there?")
    stumble(signed_in("brand"), "/api/v1/notifications", count=5, **effect)
    account.poll_once()
    stream = account.stream("mentions")
    assert (stream.failures, stream.pause, account.channel().state) == (1, Pause.FAULT, ChannelState.ACTIVE)
    assert stream.last_error
    signed_in("brand").delete("/api/v1/_mock/faults")
    assert account.received(question).text
    assert account.channel().last_error == ""
    assert account.is_balanced()


@pytest.mark.parametrize(
    ("effect", "state"),
    [
        ({"type": "ratelimit", "headers": {"Retry-After": "1"}}, DeliveryState.QUEUED),
        ({"type": "status", "status": 503}, DeliveryState.UNSURE),
        ({"type": "malformed"}, DeliveryState.UNSURE),
    ],
    ids=["patience", "away", "cut off"],
)
def test_an_answer_that_met_a_stumbling_server_arrives_once(
    account: House, signed_in: SignIn, effect: dict[str, Any], state: DeliveryState
) -> None:
    question = write(signed_in("fan"), "@brand still there?")
    account.received(question)
    stumble(signed_in("brand"), "/api/v1/statuses", "POST", **effect)
    waiting = account.reply(question, "Yes, we are")
    assert waiting.state == state
    assert seen_below(signed_in("fan"), question) == []
    account.forget_budgets()
    found = account.looked_up(waiting)
    assert found.state == DeliveryState.SENT
    assert [each["id"] for each in seen_below(signed_in("fan"), question)] == [found.external_id]


def test_an_answer_whose_receipt_got_lost_is_found_there(
    account: House, signed_in: SignIn, lost_answers: Callable[[str, str], Any]
) -> None:
    question = write(signed_in("fan"), "@brand is anybody there?")
    account.received(question)
    with lost_answers("POST", "/api/v1/statuses"):
        unsure = account.reply(question, "Yes")
        assert unsure.state == DeliveryState.UNSURE
    found = account.looked_up(unsure)
    assert found.state == DeliveryState.SENT
    assert [each["id"] for each in seen_below(signed_in("fan"), question)] == [found.external_id]
