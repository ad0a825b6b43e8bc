"""Threads beyond the contract: two steps to publish, tokens renewed half-way, what can be hidden, mentions and words."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine

from inbox.clock import now
from inbox.connectors.contract import Act, ActName, Batch, Passing, Refused
from tests.contract.stage_threads import LAST, ROOT, ThreadsStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> ThreadsStage:
    return ThreadsStage(monkeypatch)


def poll(stage: ThreadsStage, stream: str, cursor: Any = None) -> list[Batch]:
    return list(stage.connector().poll(stream, json.loads(json.dumps(cursor)), None))


def renewals(stage: ThreadsStage) -> int:
    return sum(request.url.path == "/refresh_access_token" for request in stage.requests)


def test_our_post_comes_along_with_what_is_below_it(stage: ThreadsStage) -> None:
    found = [m for batch in poll(stage, "replies") for m in batch.messages]
    assert [m.external_id for m in found if m.author and m.author.is_us] == [ROOT]
    assert {m.thread_id for m in found} == {ROOT}


def test_posts_without_replies_are_not_looked_into(stage: ThreadsStage) -> None:
    poll(stage, "replies")
    asked = {request.url.path for request in stage.requests if request.url.path.endswith("/conversation")}
    assert asked == {f"/v1.0/{ROOT}/conversation"}


def test_a_reply_is_made_and_then_published(stage: ThreadsStage) -> None:
    message = poll(stage, "replies")[0].messages[-1]
    stage.connector().send(stage.reply_to(message, "Unter Menü."))
    made, published = stage.requests[-2:]
    assert dict(httpx.QueryParams(made.content.decode())) == {
        "media_type": "TEXT",
        "text": "Unter Menü.",
        "reply_to_id": message.external_id,
    }
    assert dict(httpx.QueryParams(published.content.decode())) == {"creation_id": "18000000000007777"}


@pytest.mark.parametrize(
    "answer", [httpx.Response(502), httpx.Response(200, json={}), httpx.Response(200, content=b"{")]
)
def test_what_was_made_but_not_published_is_nothing_to_look_for(stage: ThreadsStage, answer: httpx.Response) -> None:
    message = poll(stage, "replies")[0].messages[-1]
    stage.upset = lambda _request: answer
    stage.upset_where = lambda request: request.method == "POST"
    with pytest.raises(Passing, match="Nothing was published"):
        stage.connector().send(stage.reply_to(message))
    assert stage.requests[-1].url.path == "/v1.0/me/threads"


def test_only_direct_replies_can_be_hidden(stage: ThreadsStage) -> None:
    stage.items[0] = {**stage.items[0], "replied_to": {"id": LAST}}
    messages = {m.external_id: m for batch in poll(stage, "replies") for m in batch.messages}
    nested, direct = messages[stage.items[0]["id"]], messages[LAST]
    asked = len(stage.requests)
    with pytest.raises(Refused, match="direct replies"):
        stage.connector().act(Act("k", ActName.HIDE, nested.external_id, "a", nested.reply_handle))
    assert len(stage.requests) == asked
    stage.connector().act(Act("k", ActName.HIDE, direct.external_id, "a", direct.reply_handle, undo=True))
    assert dict(stage.requests[-1].url.params) == {"hide": "false"}


@pytest.mark.parametrize("stream", ["mentions", "watch:garten app"])
def test_mentions_and_words_come_once_and_never_our_own(stage: ThreadsStage, stream: str) -> None:
    batches = poll(stage, stream)
    assert [m.external_id for batch in batches for m in batch.messages] == ["18000000000000801"]
    assert not any(batch.fetched for batch in poll(stage, stream, batches[-1].cursor))


def test_a_token_is_renewed_after_its_first_day_and_then_half_way(stage: ThreadsStage) -> None:
    poll(stage, "mentions")
    assert renewals(stage) == 0
    with time_machine.travel(now() + timedelta(days=2)):
        poll(stage, "mentions")
        assert renewals(stage) == 1
        assert stage.requests[-1].headers["Authorization"] == "Bearer THtoken2"
        poll(stage, "mentions")
        assert renewals(stage) == 1
    with time_machine.travel(now() + timedelta(days=33)):
        poll(stage, "mentions")
        assert renewals(stage) == 2


def test_a_renewal_that_fails_is_tried_again_tomorrow_and_harms_nothing(stage: ThreadsStage) -> None:
    poll(stage, "mentions")
    stage.upset = lambda _request: stage.said(400, 100)
    stage.upset_where = lambda request: request.url.path == "/refresh_access_token"
    with time_machine.travel(now() + timedelta(days=2)):
        assert poll(stage, "mentions")[0].messages
        assert poll(stage, "mentions")[0].messages
        assert renewals(stage) == 1


def test_another_token_in_the_settings_replaces_the_renewed_one(stage: ThreadsStage) -> None:
    poll(stage, "mentions")
    with time_machine.travel(now() + timedelta(days=2)):
        poll(stage, "mentions")
        stage.settings = {**stage.settings, "access_token": "THtoken9"}
        poll(stage, "mentions")
        assert stage.requests[-1].headers["Authorization"] == "Bearer THtoken9"
