"""X: only who named us is answered, every call is paid for before it is made, and edits are one post."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import time_machine
from pydantic import ValidationError

from inbox.connectors.contract import Act, ActName, IncomingMessage, NeedsPerson, OutcomeUnknown, Passing, Refused
from inbox.connectors.x import XSetup
from inbox.connectors.x_budget import LISTED, Purse, Spent, read_prices
from tests.contract.stage import Remembering, recording
from tests.contract.stage_x import US, XStage, posts, problem

PRICES = read_prices(LISTED)
HIDE = Act("k", ActName.HIDE, "1", "2", {"post_id": "1991500000000000010", "author_id": "1700000000000000201"})


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> XStage:
    return XStage(monkeypatch)


def with_budget(stage: XStage, dollars: int, *, spent: int = 0) -> XStage:
    stage.settings = {**stage.settings, "budget": dollars}  # type: ignore[misc]
    stage.memory.save({**stage.memory.load(), "spent": {"month": f"{datetime.now(UTC):%Y-%m}", "costs": spent}})
    return stage


def spent(stage: XStage) -> int:
    return int(stage.memory.load().get("spent", {}).get("costs", 0))


def brought(stage: XStage) -> dict[str, IncomingMessage]:
    return {m.external_id: m for batch in stage.brought() for m in batch.messages}


def answers(stage: XStage) -> dict[str, IncomingMessage]:
    """Two posts that answer others: one of ours, and a stranger's."""
    stage.upset = lambda _request: httpx.Response(200, json=recording("x/answers.json"))
    return brought(stage)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_our_own_post_comes_along_with_its_answer(stage: XStage) -> None:
    messages = answers(stage)
    answer, ours = messages["1991500000000000060"], messages["1991490000000000001"]
    assert answer.thread_id == ours.thread_id == "1991490000000000001"
    assert ours.author and ours.author.is_us


def test_a_strangers_words_that_are_answered_are_a_quote(stage: XStage) -> None:
    messages = answers(stage)
    assert messages["1991500000000000061"].quote == "Which calendar do you use at school?"
    assert "1991490000000000002" not in messages


def test_addresses_are_read_whole(stage: XStage) -> None:
    assert answers(stage)["1991500000000000061"].text == "@anna_k try @brand_team https://brand.example/plan"


def test_a_long_post_is_read_whole(stage: XStage) -> None:
    stage.items[0]["note_tweet"] = {"text": "Sehr lang &amp; gut. " * 30}
    assert brought(stage)["1991500000000000050"].text.count("lang & gut") == 30


def test_only_what_is_new_is_asked_for_and_paid(stage: XStage) -> None:
    cursor = stage.brought()[-1].cursor
    before = spent(stage)
    stage.brought(cursor)
    assert stage.requests[-1].url.params["since_id"] == "1991500000000000050"
    assert spent(stage) == before


def test_an_edited_post_is_answered_in_its_latest_version(stage: XStage) -> None:
    stage.edit(4, "@brand_team Wo stelle ich zwei Vertretungen ein?")
    (message,) = (m for batch in stage.brought() for m in batch.messages if m.edited_at)
    assert (message.external_id, message.reply_handle["post_id"]) == ("1991500000000000010", "1991700000000000001")


def test_errors_without_posts_are_posts_that_are_gone(stage: XStage) -> None:
    known = stage.known(stage.brought())[:2]
    stage.items = []
    batch = stage.connector().refetch(known)
    assert [gone.external_id for gone in batch.deletions] == [each.external_id for each in known]


# ── answering and acting ─────────────────────────────────────────────────────────────────────────────────────────────


def test_who_did_not_name_us_cannot_be_answered_by_program(stage: XStage) -> None:
    stage.items[4] |= {"entities": {}, "in_reply_to_user_id": "1700000000000000209"}
    reply = stage.reply_to(brought(stage)["1991500000000000010"])
    with pytest.raises(Refused, match="on X itself"):
        stage.connector().validate(reply)


def test_what_x_does_not_allow_is_told_in_its_words_and_the_channel_goes_on(stage: XStage) -> None:
    reply = stage.reply_to(brought(stage)["1991500000000000010"])
    stage.upset, stage.upset_where = (lambda _request: stage.refusal()), stage.is_send
    with pytest.raises(Refused, match="duplicate content"):
        stage.connector().send(reply)


def test_hiding_and_muting_and_back(stage: XStage) -> None:
    mute = replace(HIDE, name=ActName.MUTE)
    for act in (HIDE, replace(HIDE, undo=True), mute, replace(mute, undo=True)):
        stage.connector().act(act)
    told = [(r.method, r.url.path, json.loads(r.content or b"null")) for r in stage.requests]
    assert told == [
        ("PUT", "/2/tweets/1991500000000000010/hidden", {"hidden": True}),
        ("PUT", "/2/tweets/1991500000000000010/hidden", {"hidden": False}),
        ("POST", f"/2/users/{US}/muting", {"target_user_id": "1700000000000000201"}),
        ("DELETE", f"/2/users/{US}/muting/1700000000000000201", None),
    ]


# ── the budget ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_read_is_paid_by_what_came(stage: XStage) -> None:
    stage.brought()
    people = len(recording("x/users.json"))
    assert spent(stage) == len(stage.items) * 5 + people * 10


def test_the_last_cents_are_not_overdrawn(stage: XStage) -> None:
    """A page is no larger than can be paid for at its dearest; below the smallest page nothing is asked."""
    with_budget(stage, 1, spent=800)
    stage.brought()
    assert stage.requests[-1].url.params["max_results"] == "10"
    with_budget(stage, 1, spent=901)
    asked = len(stage.requests)
    with pytest.raises(Spent, match=r"\$1 .* Raise it"):
        stage.brought()
    assert len(stage.requests) == asked


def test_a_used_up_budget_is_told_while_an_answer_is_written(stage: XStage) -> None:
    reply = stage.reply_to(brought(stage)["1991500000000000010"])
    with_budget(stage, 1, spent=1_000 - PRICES.answer + 1)
    with pytest.raises(Refused, match=r"\$1 "):
        stage.connector().validate(reply)
    can = stage.connector().describe()
    assert (can.replies, can.acts) == (False, frozenset())
    assert can.because["replies"] == can.because[ActName.HIDE]


def test_an_address_makes_an_answer_dearer(stage: XStage) -> None:
    message = brought(stage)["1991500000000000010"]
    before = spent(stage)
    stage.connector().send(stage.reply_to(message, "Unter Menü, Plan."))
    stage.connector().send(stage.reply_to(message, "Siehe brand.com/plan"))
    assert spent(stage) == before + PRICES.answer + PRICES.link


def test_a_lost_answer_counts_and_a_refused_one_does_not(stage: XStage) -> None:
    reply, before = stage.reply_to(brought(stage)["1991500000000000010"]), spent(stage)
    stage.upset_where = stage.is_send
    for answer, error, costs in ((stage.refusal(), Refused, 0), (httpx.Response(503), OutcomeUnknown, PRICES.answer)):
        stage.upset = lambda _request, answer=answer: answer
        with pytest.raises(error):
            stage.connector().send(reply)
        assert spent(stage) == before + costs


def test_a_month_of_silence_does_not_eat_the_budget(stage: XStage) -> None:
    for failure in (stage.patience(9), httpx.Response(503), httpx.Response(200, content=b"<html>")):
        stage.upset = lambda _request, failure=failure: failure
        with pytest.raises(Passing):
            stage.brought()
    assert spent(stage) == 0


def test_a_new_month_has_a_new_budget() -> None:
    with time_machine.travel(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)):
        purse = Purse(Remembering(), 1)
        with purse.pay(990):
            pass
        assert purse.left == 10
        assert purse.refusal().retry_after == pytest.approx(3_600, abs=2)
        with pytest.raises(Spent, match="2027-01-01"), purse.pay(11):
            pytest.fail("it was paid")
    with time_machine.travel(datetime(2027, 1, 1, 0, 1, tzinfo=UTC)):
        assert purse.left == 1_000


# ── connecting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_check_costs_one_call_and_remembers_whose_account_it_is(stage: XStage) -> None:
    stage.memory.save({"tokens": stage.memory.load()["tokens"]})
    account = stage.connector().check()
    assert (account.name, account.external_id, account.url) == ("@brand_team", US, "https://x.com/brand_team")
    assert stage.memory.load()["us"]["id"] == US
    assert [request.url.path for request in stage.requests] == ["/2/users/me"]


def test_an_app_without_credits_needs_a_person(stage: XStage) -> None:
    stage.upset = lambda _request: httpx.Response(402, json=problem("CreditsDepleted", 402))
    with pytest.raises(NeedsPerson, match="credits"):
        stage.brought()


@pytest.mark.parametrize("answer", [{}, {"data": {}}, {"data": {"id": "me"}}])
def test_without_a_name_nobody_is_signed_in(stage: XStage, answer: dict[str, Any]) -> None:
    stage.upset, stage.upset_where = (
        (lambda _r: httpx.Response(200, json=answer)),
        lambda r: r.url.path == "/2/users/me",
    )
    with pytest.raises(NeedsPerson, match="sign in"):
        stage.connector().check()


def test_no_posts_and_a_strange_answer_are_not_the_same(stage: XStage) -> None:
    stage.upset = lambda _request: posts([])
    assert stage.brought()[-1].fetched == 0
    stage.upset = lambda _request: httpx.Response(200, json={"meta": {"result_count": 3}})
    with pytest.raises(Passing, match="not a list"):
        stage.brought()


@pytest.mark.parametrize("typed", [{"client_id": "zwei Wörter"}, {"budget": -1}, {"budget": "viel"}])
def test_what_cannot_be_meant_is_not_taken(typed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        XSetup(**{**XStage.settings, **typed})


def test_other_prices_are_other_costs(stage: XStage) -> None:
    message = brought(stage)["1991500000000000010"]
    stage.settings = {**stage.settings, "prices": LISTED.replace("answer 15", "answer 40")}
    before = spent(stage)
    stage.connector().send(stage.reply_to(message, "Unter Menü, Plan."))
    assert spent(stage) == before + 40


@pytest.mark.parametrize(
    "prices",
    ["", "post 5", LISTED + ", like 3", LISTED + ", post 6", LISTED.replace("15", "-1"), LISTED.replace("15", "x")],
)
def test_prices_that_are_not_complete_are_refused(prices: str) -> None:
    with pytest.raises(ValueError, match="must give a whole number for each"):
        read_prices(prices)
