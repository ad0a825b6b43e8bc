"""Bluesky in detail: threads without notice, hidden replies, blocks that are not deletions, records that are kept whole."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from inbox.connectors.bluesky_read import message_of
from inbox.connectors.contract import Act, ActName, ConnectorError, IncomingMessage, Passing, Refused
from tests.contract.stage import recording
from tests.contract.stage_bluesky import BlueskyStage

A, B = "did:plc:aaaabrandbrandbrandbrand", "did:plc:bbbbanaanaanaanaanaanaan"
ROOT = f"at://{A}/app.bsky.feed.post/3lbroot2222aa"
LONG_AGO = "2020-01-01T00:00:00+00:00"


class Repository(BlueskyStage):
    """The same platform with a repository of ours that can be written to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.records: dict[str, Any] = {}
        self.blocking: str | None = None

    def route(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.removeprefix("/xrpc/")
        body = json.loads(request.content) if request.content else {}
        if method == "com.atproto.repo.putRecord":
            uri = f"{body['collection']}/{body['rkey']}"
            there = self.records.get(uri)
            if "swapRecord" in body and body["swapRecord"] != (there and there["cid"]):
                return httpx.Response(400, json={"error": "InvalidSwap", "message": "Record was at another"})
            self.records[uri] = {"value": body["record"], "cid": f"cid-{len(self.requests)}"}
            return httpx.Response(200, json={"uri": f"at://{A}/{uri}", "cid": "c"})
        if method == "com.atproto.repo.deleteRecord":
            self.records.pop(f"{body['collection']}/{body['rkey']}", None)
            return httpx.Response(200, json={})
        if method == "com.atproto.repo.getRecord" and request.url.params["repo"] == A:
            found = self.records.get(f"{request.url.params['collection']}/{request.url.params['rkey']}")
            if found:
                return httpx.Response(200, json=found)
        if method == "app.bsky.actor.getProfile":
            return httpx.Response(200, json={"viewer": {"blocking": self.blocking} if self.blocking else {}})
        return super().route(request)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(monkeypatch)


def polled(stage: BlueskyStage, stream: str = "notifications", cursor: Any = None) -> list[IncomingMessage]:
    return [m for batch in stage.connector().poll(stream, cursor, None) for m in batch.messages]


def by_key(messages: list[IncomingMessage], key: str) -> IncomingMessage:
    return next(message for message in messages if message.external_id.endswith(key))


def test_an_answer_to_us_stands_in_the_thread_of_our_post(stage: Repository) -> None:
    answer = by_key(polled(stage), "3lbana22222aa")
    root = by_key(list(stage.connector().thread([answer]).messages), "3lbroot2222aa")
    assert root.author
    assert root.author.is_us
    assert answer.thread_id == root.thread_id == root.external_id == answer.parent_id
    assert answer.language == "de"
    assert answer.quote == ""


def test_what_stands_above_many_is_asked_for_with_one_question(stage: Repository) -> None:
    answers = [message for message in polled(stage) if message.parent_id]
    before = len(stage.requests)
    told = stage.connector().thread(
        [*answers, replace(answers[0], parent_id=f"at://{A}/app.bsky.feed.post/3lbgone2222aa")]
    )
    assert by_key(list(told.messages), "3lbother222aa").text == "Which planner do you use?"
    assert [gone.external_id for gone in told.deletions] == [f"at://{A}/app.bsky.feed.post/3lbgone2222aa"]
    assert len(stage.requests) == before + 1


def test_links_pictures_and_quoted_posts_are_whole(stage: Repository) -> None:
    messages = polled(stage)
    crash, praise = by_key(messages, "3lbbob22222aa"), by_key(messages, "3lbbob22222bb")
    assert crash.text.endswith("see https://tools.example/issues/2041/the-calendar-crashes")
    assert [(file.name, file.url[-5:]) for file in crash.attachments] == [("The error message", "@jpeg")]
    assert praise.quote == "@brand.example: Version 3 ist da: der neue Kalender."


def test_a_reply_that_was_never_notified_is_found_in_its_thread(stage: Repository) -> None:
    stage.items = []
    found = polled(stage, "threads")
    assert by_key(found, "3lbbob22222dd").text == "Bei mir auch nicht"
    assert len(found) == 3


def test_an_unchanged_thread_is_not_told_again(stage: Repository) -> None:
    cursor = list(stage.connector().poll("threads", None, None))[-1].cursor
    assert polled(stage, "threads", cursor) == []


@pytest.mark.parametrize(
    ("created", "indexed", "meant"),
    [
        ("2026-11-20T08:00:00Z", "2026-11-20T08:00:05Z", "2026-11-20T08:00:00+00:00"),
        ("2031-01-01T00:00:00Z", "2026-11-20T08:00:05Z", "2026-11-20T08:00:05+00:00"),
        ("1999-01-01T00:00:00Z", "2026-11-20T08:00:05Z", "2026-11-20T08:00:05+00:00"),
        ("nonsense", "2026-11-20T08:00:05Z", "2026-11-20T08:00:05+00:00"),
        (None, "nonsense", None),
    ],
)
def test_the_claimed_time_is_believed_only_where_it_can_be(created: Any, indexed: str, meant: str | None) -> None:
    view = dict(recording("bluesky/posts.json")["posts"][1])
    view |= {"indexedAt": indexed, "record": {**view["record"], "createdAt": created}}
    assert message_of(view, our_did=A).posted_at == (datetime.fromisoformat(meant) if meant else None)


def test_a_post_that_is_only_withheld_is_not_deleted(stage: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = list(stage.connector().poll("notifications", None, None))[-1].cursor
    views = stage._views()
    monkeypatch.setattr(
        stage, "_record", lambda _query: httpx.Response(200, json={"uri": "x", "cid": "c", "value": {}})
    )
    stage.items = []
    batches = list(stage.connector().poll("notifications", {**cursor, "looked_at": LONG_AGO}, None))
    assert views
    assert not any(batch.deletions for batch in batches)


def test_a_failing_look_deletes_nothing(stage: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = list(stage.connector().poll("notifications", None, None))[-1].cursor
    stage.items = []
    refusal = httpx.Response(400, json={"error": "InvalidRequest", "message": "odd"})
    monkeypatch.setattr(stage, "_record", lambda _query: refusal)
    batches = list(stage.connector().poll("notifications", {**cursor, "looked_at": LONG_AGO}, None))
    assert not any(batch.deletions for batch in batches)


@pytest.mark.parametrize("status", [500, 400])
def test_a_thread_that_cannot_be_given_is_asked_for_again(stage: Repository, status: int) -> None:
    stage.upset_paths = {"/xrpc/app.bsky.feed.getPostThread"}
    stage.upset = lambda _request: httpx.Response(status)
    with pytest.raises(ConnectorError):
        polled(stage, "threads")
    stage.upset = None
    assert len(polled(stage, "threads")) == 3


def test_a_reply_names_root_and_parent_and_its_language(stage: Repository) -> None:
    message = by_key(polled(stage), "3lbbob22222cc")
    reply = replace(stage.reply_to(message, "Danke"), created_at=datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC))
    stage.connector().send(reply)
    record = json.loads(stage.requests[-1].content)["record"]
    assert record["reply"]["root"]["uri"] == ROOT
    assert record["reply"]["parent"]["uri"] == message.external_id
    assert record["langs"] == ["de"]
    assert record["createdAt"] == "2026-11-21T08:00:00.123Z"
    assert "facets" not in record


def test_a_mention_that_started_its_own_thread_is_its_own_root(stage: Repository) -> None:
    message = by_key(polled(stage), "3lbbob22222aa")
    stage.connector().send(stage.reply_to(message))
    record = json.loads(stage.requests[-1].content)["record"]
    assert record["reply"]["root"] == record["reply"]["parent"]


def act(stage: Repository, name: ActName, **changes: Any) -> Act:
    message = by_key(polled(stage), "3lbana22222aa")
    return replace(Act("act-1", name, message.external_id, B, message.reply_handle, "spam"), **changes)


GATE = "app.bsky.feed.threadgate/3lbroot2222aa"


def test_hiding_keeps_the_rules_of_the_thread_and_what_was_hidden_before(stage: Repository) -> None:
    rules = {
        "post": ROOT,
        "createdAt": "2026-01-01T00:00:00Z",
        "allow": [{"$type": "x#mentionRule"}],
        "hiddenReplies": ["at://o"],
    }
    stage.records[GATE] = {"value": rules, "cid": "cid-1"}
    hide = act(stage, ActName.HIDE)
    stage.connector().act(hide)
    stage.connector().act(hide)
    assert stage.records[GATE]["value"] == {
        **rules,
        "hiddenReplies": ["at://o", hide.message_id],
        "$type": "app.bsky.feed.threadgate",
    }
    stage.connector().act(replace(hide, undo=True))
    assert stage.records[GATE]["value"]["hiddenReplies"] == ["at://o"]
    assert stage.records[GATE]["value"]["allow"] == rules["allow"]


def test_hiding_does_not_overwrite_what_changed_meanwhile(stage: Repository) -> None:
    hide = act(stage, ActName.HIDE)
    connector = stage.connector()
    original = stage.route

    def changed_meanwhile(request: httpx.Request) -> httpx.Response:
        answer = original(request)
        if request.url.path.endswith("getRecord"):
            stage.records[GATE] = {"value": {"hiddenReplies": ["at://theirs"]}, "cid": "cid-9"}
        return answer

    stage.route = changed_meanwhile  # type: ignore[method-assign]
    with pytest.raises(Passing, match="same moment"):
        connector.act(hide)
    assert stage.records[GATE]["value"]["hiddenReplies"] == ["at://theirs"]


def test_no_more_than_300_can_be_hidden(stage: Repository) -> None:
    stage.records[GATE] = {"value": {"hiddenReplies": [f"at://{n}" for n in range(300)]}, "cid": "cid-1"}
    with pytest.raises(Refused, match="300"):
        stage.connector().act(act(stage, ActName.HIDE))


def test_only_in_our_own_threads_can_be_hidden(stage: Repository) -> None:
    strange = by_key(polled(stage), "3lbana22222bb")
    with pytest.raises(Refused, match="started a thread"):
        stage.connector().act(Act("k", ActName.HIDE, strange.external_id, B, strange.reply_handle))


def test_a_block_is_written_once_and_taken_back_wholly(stage: Repository) -> None:
    block = act(stage, ActName.BLOCK)
    receipt = stage.connector().act(block)
    stage.connector().act(block)
    assert len(stage.records) == 1
    stage.records["app.bsky.graph.block/3lbbyhand22aa"] = {"value": {}, "cid": "c"}
    stage.blocking = f"at://{A}/app.bsky.graph.block/3lbbyhand22aa"
    stage.connector().act(replace(block, undo=True, undo_state=receipt.state))
    assert stage.records == {}


def test_a_report_cannot_be_undone(stage: Repository) -> None:
    with pytest.raises(Refused, match="take this back"):
        stage.connector().act(act(stage, ActName.REPORT, undo=True))


@pytest.mark.parametrize(
    "hostile", [{"uri": "at://x"}, {"uri": f"at://{A}/app.bsky.feed.post/../../x", "cid": "c"}, 7, None]
)
def test_a_hostile_reply_reference_is_not_followed(stage: Repository, hostile: Any) -> None:
    item: Mapping[str, Any] = stage.items[1]
    stage.items[1] = {**item, "record": {**item["record"], "reply": {"root": hostile, "parent": hostile}}}
    message = next(m for m in polled(stage) if m.external_id == item["uri"])
    assert message.thread_id == message.external_id
