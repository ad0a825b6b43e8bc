"""Stack Exchange: answers and comments stand below their question, comments are noticed, and its patience is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.contract import IncomingMessage, Known, NeedsPerson, RateLimited, Refused, Surroundings
from inbox.connectors.stack_exchange import StackExchange, StackExchangeSetup
from inbox.connectors.stack_exchange_read import host_of
from tests.contract.stage import recording
from tests.contract.stage_stack_exchange import StackExchangeStage, failed, wrapped


class Told:
    """A pace that remembers what it was told."""

    def __init__(self) -> None:
        self.learned: list[tuple[str, float, float | None]] = []

    def take(self, scope: str = "", cost: int = 1) -> None:
        """Nothing is counted."""

    def learn(self, scope: str, *, remaining: float, limit: float | None, reset_seconds: float | None) -> None:
        self.learned.append((scope, remaining, reset_seconds))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> StackExchangeStage:
    return StackExchangeStage(monkeypatch)


def answered(stage: StackExchangeStage) -> None:
    """The oldest question has an answer of ours, and both have a comment."""
    stage.below = recording("stack_exchange/answers.json") + recording("stack_exchange/comments.json")
    stage.items[-1]["last_activity_date"] = stage.below[0]["creation_date"]


def brought(stage: StackExchangeStage, since: datetime | None = None) -> dict[str, IncomingMessage]:
    return {m.external_id: m for batch in stage.brought(since=since) for m in batch.messages}


def lent(stage: StackExchangeStage, told: Told) -> StackExchange:
    return StackExchange(StackExchangeSetup(**stage.settings), Surroundings(stage.memory, pace=told))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_below_a_question_belongs_to_it(stage: StackExchangeStage) -> None:
    answered(stage)
    messages = brought(stage)
    answer, on_answer, on_question = messages["a:1550001"], messages["c:2680001"], messages["c:2680000"]
    assert {answer.thread_id, on_answer.thread_id, on_question.thread_id} == {"q:1540001"}
    assert (answer.parent_id, on_answer.parent_id, on_question.parent_id) == ("q:1540001", "a:1550001", "q:1540001")
    assert answer.author and answer.author.is_us
    assert answer.url == "https://askubuntu.com/a/1550001"
    assert on_answer.url == "https://askubuntu.com/q/1550001#comment2680001_1550001"
    assert on_answer.text == "Found it, thanks!"


def test_whoever_left_the_site_keeps_a_name(stage: StackExchangeStage) -> None:
    answered(stage)
    author = brought(stage)["c:2680000"].author
    assert author and (author.name, author.external_id) == ("user12", "left:user12")


def test_an_old_question_comes_along_with_what_is_new_below_it(stage: StackExchangeStage) -> None:
    answered(stage)
    assert set(brought(stage, datetime(2026, 11, 20, 10, 50, tzinfo=UTC))) >= {"q:1540001", "a:1550001", "c:2680001"}


def test_a_comment_is_noticed_although_it_moves_no_question_up(stage: StackExchangeStage) -> None:
    cursor = stage.brought()[-1].cursor
    with stage.later(timedelta(hours=2)):
        (_, comment) = recording("stack_exchange/comments.json")
        stage.below = [{**comment, "comment_id": 2680007, "creation_date": int(datetime.now(UTC).timestamp()) - 60}]
        batches = stage.brought(cursor)
        found = {m.external_id: m for batch in batches for m in batch.messages}
        assert found["c:2680007"].thread_id == "q:1540001"
        assert "q:1540001" in found
        calls = len(stage.requests)
        stage.brought(batches[-1].cursor)
        assert len(stage.requests) == calls + 1, "until the next hour only the list of questions is read"


def test_questions_answers_and_comments_are_asked_for_again_with_one_call_each(stage: StackExchangeStage) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return wrapped([{**recording("stack_exchange/answers.json")[0]}] if "/answers/" in request.url.path else [])

    stage.upset, stage.upset_where = answer, lambda request: request.method == "GET"
    known = [Known(name, "q:1540001", {}) for name in ("q:1", "a:1550001", "c:3", "c:4", "c:x", "no-such-message")]
    batch = stage.connector().refetch(known)
    assert asked == ["/2.3/questions/1", "/2.3/answers/1550001", "/2.3/comments/3;4"]
    assert [(m.external_id, m.thread_id) for m in batch.messages] == [("a:1550001", "q:1540001")]
    assert [gone.external_id for gone in batch.deletions] == ["q:1", "c:3", "c:4"]


# ── its patience ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wait_that_an_answer_asks_for_holds_for_its_method(stage: StackExchangeStage) -> None:
    told = Told()
    stage.upset = lambda _request: wrapped([], backoff=12)
    list(lent(stage, told).poll(stage.stream, None, None))
    assert ("/questions", 0, 12) in told.learned


def test_what_is_left_of_the_day_is_told_when_it_gets_little(stage: StackExchangeStage) -> None:
    told = Told()
    stage.upset = lambda _request: wrapped([], quota_remaining=20, quota_max=300)
    list(lent(stage, told).poll(stage.stream, None, None))
    assert ("", 20, None) in told.learned


def test_too_many_questions_are_waited_for_as_long_as_it_says(stage: StackExchangeStage) -> None:
    stage.upset = lambda _request: failed(
        502, "too many requests from this IP, more requests available in 4123 seconds"
    )
    with pytest.raises(RateLimited) as caught:
        stage.brought()
    assert caught.value.retry_after == 4123


# ── answering and connecting ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_token_leaves_only_where_it_is_needed(stage: StackExchangeStage) -> None:
    stage.brought()
    assert not any("access_token" in str(request.url) for request in stage.requests)


def test_who_may_not_comment_is_told_so_and_the_channel_goes_on(stage: StackExchangeStage) -> None:
    reply = stage.reply_to(brought(stage)["q:1540001"])
    stage.upset, stage.upset_where = (lambda _request: failed(403, "you need 50 reputation")), stage.is_send
    with pytest.raises(Refused, match="50 reputation"):
        stage.connector().send(reply)


def test_without_a_token_nothing_can_be_answered(stage: StackExchangeStage) -> None:
    reader = StackExchange(StackExchangeSetup(site="askubuntu", tags="x"), Surroundings(stage.memory))
    assert not reader.describe().replies
    assert reader.describe().because["replies"]
    with pytest.raises(Refused, match="token"):
        reader.validate(stage.reply_to(brought(stage)["q:1540001"]))
    assert [spec.every for spec in reader.streams()] == [3_600]


def test_a_comment_that_says_too_little_is_refused_before_it_leaves(stage: StackExchangeStage) -> None:
    reply = replace(stage.reply_to(brought(stage)["q:1540001"]), text="Danke!")
    with pytest.raises(Refused, match="15"):
        stage.connector().validate(reply)


def test_a_token_of_nobody_on_this_site_is_told(stage: StackExchangeStage) -> None:
    stage.upset, stage.upset_where = (lambda _request: wrapped([])), lambda request: request.url.path == "/2.3/me"
    with pytest.raises(NeedsPerson, match="join"):
        stage.connector().check()


def test_a_check_tells_the_tag_and_its_latest_questions(stage: StackExchangeStage) -> None:
    stage.memory.save({})
    account = stage.connector().check()
    assert account.name == "askubuntu: brand-calendar"
    assert account.url == "https://askubuntu.com/questions/tagged/brand-calendar"
    assert account.latest[0].external_id == "q:1540005"
    assert stage.memory.load()["our_id"] == 900


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("stackoverflow", "stackoverflow.com"),
        ("meta.askubuntu", "meta.askubuntu.com"),
        ("mathoverflow.net", "mathoverflow.net"),
        ("gaming.meta", "gaming.meta.stackexchange.com"),
        ("unix", "unix.stackexchange.com"),
    ],
)
def test_sites_have_their_own_addresses(site: str, host: str) -> None:
    assert StackExchangeSetup(site=f"https://{host}/", tags="x").site == site
    assert host_of(site) == host


@pytest.mark.parametrize(
    "typed",
    [{"site": "a b", "tags": "x"}, {"tags": "two words"}, {"tags": " , "}, {"tags": "x", "access_token": "t"}],
)
def test_what_cannot_be_meant_is_not_taken(typed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StackExchangeSetup(**typed)
