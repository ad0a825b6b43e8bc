"""YouTube beyond the contract: two levels of answers, what is held back, the day's quota, searches, and whole consents."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import time_machine

from inbox.connectors.contract import Act, ActName, Batch, Known, NeedsPerson, OutgoingReply, RateLimited, Refused
from tests.contract.stage_youtube import OURS, YouTubeStage, said


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> YouTubeStage:
    return YouTubeStage(monkeypatch)


def poll(stage: YouTubeStage, stream: str, cursor: Any = None, since: datetime | None = None) -> list[Batch]:
    return list(stage.connector().poll(stream, json.loads(json.dumps(cursor)), since))


def answer(name: str, thread: str, text: str) -> Any:
    person = {"authorDisplayName": "@mira", "authorChannelId": {"value": "UCmira"}}
    times = dict.fromkeys(("publishedAt", "updatedAt"), "2026-11-20T13:00:00Z")
    return {
        "kind": "youtube#comment",
        "id": name,
        "snippet": {"textDisplay": text, "parentId": thread, **person, **times},
    }


def grow(stage: YouTubeStage, index: int, *answers: Any) -> None:
    """Somebody answers; the thread counts it but does not show it."""
    stage.answers += answers
    item = copy.deepcopy(stage.items[index])
    item["snippet"]["totalReplyCount"] += len(answers)
    stage.items[index] = item


def test_answers_that_a_thread_only_counts_are_asked_for(stage: YouTubeStage) -> None:
    cursor = poll(stage, "comments")[-1].cursor
    grow(stage, 1, answer("UgxAA5.a", "UgxAA5", "Me too!"), answer("UgxAA5.b", "UgxAA5", "+1"))
    batches = poll(stage, "comments", cursor)
    found = [m for batch in batches for m in batch.messages]
    assert [(m.external_id, m.thread_id, m.parent_id) for m in found] == [
        ("UgxAA5.a", "UgxAA5", "UgxAA5"),
        ("UgxAA5.b", "UgxAA5", "UgxAA5"),
    ]
    assert not any(batch.fetched for batch in poll(stage, "comments", batches[-1].cursor))


def test_an_answer_that_cannot_be_read_does_not_take_its_thread_along(stage: YouTubeStage) -> None:
    broken = answer("UgxAA5.b", "UgxAA5", "")
    broken["snippet"]["textDisplay"] = None
    grow(stage, 1, answer("UgxAA5.a", "UgxAA5", "Me too!"), broken)
    (batch,) = poll(stage, "comments")
    assert {"UgxAA5", "UgxAA5.a"} <= {m.external_id for m in batch.messages}
    assert [bad.external_id for bad in batch.bad] == ["UgxAA5.b"]


def test_a_thread_that_is_deleted_between_two_questions_keeps_nobody_from_the_others(stage: YouTubeStage) -> None:
    grow(stage, 1, answer("UgxAA5.a", "UgxAA5", "Me too!"))
    stage.upset = lambda _request: said(404, "parentCommentNotFound")
    stage.upset_where = lambda request: "parentId" in request.url.params
    (batch,) = poll(stage, "comments")
    assert {m.external_id for m in batch.messages} >= {item["id"] for item in stage.items}


def test_answers_in_old_threads_are_found_by_their_number(stage: YouTubeStage) -> None:
    stage.pages = [stage.items[:3], stage.items[3:]]
    cursor = poll(stage, "older")[-1].cursor
    assert not any(batch.fetched for batch in poll(stage, "older", cursor))
    stage.items = [item for page in stage.pages for item in page]
    grow(stage, 5, answer("UgxAA1.a", "UgxAA1", "Das suche ich auch."))
    stage.pages = [stage.items[:3], stage.items[3:]]
    found = [m.external_id for batch in poll(stage, "older", cursor) for m in batch.messages]
    assert found == ["UgxAA1", "UgxAA1.a"]


def test_a_comment_says_which_video_it_is_about(stage: YouTubeStage) -> None:
    (batch,) = poll(stage, "comments")
    assert {m.subject for m in batch.messages} == {"Die Woche planen mit Garten", "A tour of Garten in five minutes"}


def test_our_own_answer_is_known_as_ours(stage: YouTubeStage) -> None:
    (batch,) = poll(stage, "comments")
    assert [m.external_id for m in batch.messages if m.author and m.author.is_us] == ["UgxAA3.r1"]


def test_what_is_held_back_says_so_and_is_not_taken_for_deleted(stage: YouTubeStage) -> None:
    held, shown = stage.items[0], stage.items[1:]
    real = stage._threads
    stage._threads = lambda query: (  # type: ignore[method-assign]
        {"kind": "youtube#commentThreadListResponse", "items": [held]}
        if query.get("moderationStatus") == "heldForReview"
        else real(query)
    )
    stage.items = shown
    (batch,) = poll(stage, "held")
    (message,) = batch.messages
    assert message.reply_handle["status"] == "heldForReview"
    again = stage.connector().refetch([Known(message.external_id, message.thread_id, message.reply_handle)])
    assert not again.deletions
    assert not again.messages


def test_an_answer_to_an_answer_begins_with_the_name_of_whom_it_answers(stage: YouTubeStage) -> None:
    grow(stage, 1, answer("UgxAA5.a", "UgxAA5", "Me too!"))
    message = next(m for m in poll(stage, "comments")[0].messages if m.external_id == "UgxAA5.a")
    stage.connector().send(stage.reply_to(message, "Bald."))
    sent = json.loads(stage.requests[-1].content)["snippet"]
    assert sent == {"parentId": "UgxAA5", "textOriginal": "@mira Bald."}


def test_the_used_up_quota_comes_back_at_midnight_in_california(stage: YouTubeStage) -> None:
    stage.upset = lambda _request: said(403, "quotaExceeded")
    with time_machine.travel(datetime(2026, 11, 21, 5, 0, tzinfo=UTC), tick=False), pytest.raises(RateLimited) as told:
        poll(stage, "comments")
    assert told.value.retry_after == 3 * 3600


@pytest.mark.parametrize("reason", ["accessNotConfigured", "insufficientPermissions"])
def test_what_only_a_person_can_mend_is_said_in_our_words(stage: YouTubeStage, reason: str) -> None:
    stage.upset = lambda _request: said(403, reason)
    with pytest.raises(NeedsPerson, match=r"Cloud project|sign in again"):
        poll(stage, "comments")


def test_writing_costs_fifty_and_searching_has_a_budget_of_its_own(stage: YouTubeStage) -> None:
    message = poll(stage, "comments")[0].messages[0]
    stage.connector().send(stage.reply_to(message))
    assert stage.requests[-1].extensions["cost"] == 50
    poll(stage, "watch:garten app")
    assert stage.requests[-1].extensions["scope"] == "search"
    assert {rate.scope for rate in stage.connector().rates} == {"", "search"}


def test_a_watched_word_finds_videos_of_others_once(stage: YouTubeStage) -> None:
    batches = poll(stage, "watch:garten app")
    found = [m for batch in batches for m in batch.messages]
    assert [m.external_id for m in found] == ["video:vidOther002", "video:vidOther001"]
    assert not any(batch.fetched for batch in poll(stage, "watch:garten app", batches[-1].cursor))
    assert dict(stage.requests[-1].url.params)["q"] == "garten app"


def test_a_found_video_is_answered_by_a_comment_below_it(stage: YouTubeStage) -> None:
    message = poll(stage, "watch:garten app")[0].messages[0]
    created = httpx.Response(200, json={"kind": "youtube#commentThread", "id": "UgxNew"})
    stage.upset, stage.upset_where = (lambda _request: created), (lambda request: request.method == "POST")
    receipt = stage.connector().send(stage.reply_to(message, "Danke fürs Zeigen!"))
    body = json.loads(stage.requests[-1].content)["snippet"]
    assert body == {
        "videoId": "vidOther002",
        "channelId": "UCdesk000000000000000010",
        "topLevelComment": {"snippet": {"textOriginal": "Danke fürs Zeigen!"}},
    }
    assert receipt.external_id == "UgxNew"
    with pytest.raises(Refused):
        stage.connector().act(Act("k", ActName.HIDE, message.external_id, "a", message.reply_handle))


def test_a_ban_rejects_the_comment_and_bans_its_author(stage: YouTubeStage) -> None:
    stage.connector().act(Act("k", ActName.BAN, "UgxAA2", "UCkeys", {}))
    query = dict(stage.requests[-1].url.params)
    assert query == {"id": "UgxAA2", "moderationStatus": "rejected", "banAuthor": "true"}


def test_a_consent_for_reading_only_says_why_nothing_else_is_offered(stage: YouTubeStage) -> None:
    reading = ["https://www.googleapis.com/auth/youtube.readonly"]
    stage.memory.save({"tokens": {"access_token": "t", "refresh_token": "r", "scopes": reading}})
    said_of_it = stage.connector().describe()
    assert not said_of_it.replies
    assert not said_of_it.acts
    assert said_of_it.because["replies"]


def test_an_account_without_a_channel_needs_another_account(stage: YouTubeStage) -> None:
    nothing = httpx.Response(200, json={"kind": "youtube#channelListResponse"})
    stage.upset, stage.upset_where = (
        (lambda _request: nothing),
        (lambda request: request.url.path.endswith("/channels")),
    )
    with pytest.raises(NeedsPerson, match="no YouTube channel"):
        stage.connector().check()


def test_a_check_names_the_channel_and_keeps_the_tokens(stage: YouTubeStage) -> None:
    account = stage.connector().check()
    assert (account.name, account.external_id) == ("@garten-app", OURS)
    assert set(stage.memory.load()) == {"tokens", "channel_id"}


def test_an_answer_of_nothing_is_refused_before_anything_leaves(stage: YouTubeStage) -> None:
    reply = OutgoingReply("k", "  ", "t", "p", {"thread_id": "t"})
    with pytest.raises(Refused):
        stage.connector().send(reply)
    assert not stage.requests
