"""GitHub as a channel: discussions, whose words are whose, what may be moderated, and how GitHub says no."""

import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import (
    Act,
    ActName,
    Gone,
    IncomingMessage,
    NeedsPerson,
    Passing,
    RateLimited,
    Refused,
    Surroundings,
    Visibility,
)
from inbox.connectors.github_api import GitHubApi
from inbox.connectors.github_text import written_in
from tests.contract.stage import Remembering, recording
from tests.contract.stage_github import REPOSITORY, SECRET, GitHubStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> GitHubStage:
    return GitHubStage(monkeypatch)


def poll(stage: GitHubStage, stream: str = "comments", cursor: Any = None) -> tuple[dict[str, IncomingMessage], Any]:
    batches = list(stage.connector().poll(stream, json.loads(json.dumps(cursor)), None))
    return {m.external_id: m for batch in batches for m in batch.messages}, batches[-1].cursor


def act(name: ActName, kind: str = "comment", **changes: Any) -> Act:
    handle = {"kind": kind, "number": 42, "node_id": "IC_1", "login": "dora"}
    return replace(Act("k", name, f"{kind}-1", "904", handle), **changes)


def asked(stage: GitHubStage) -> list[Any]:
    """The documents and variables of all that was asked by GraphQL."""
    return [json.loads(r.content) for r in stage.requests if r.url.path == "/graphql"]


def delivery(event: str, **told: Any) -> tuple[dict[str, str], bytes]:
    body = json.dumps({"repository": {"full_name": "Garden/App", "private": True}, **told}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"x-github-event": event, "x-hub-signature-256": f"sha256={signature}"}, body


def errors(*kinds: str, data: Any = None) -> httpx.Response:
    told = [{"type": kind, "message": f"words about {kind}"} for kind in kinds]
    return httpx.Response(200, json={"data": data, "errors": told})


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_somebody_quoted_is_not_what_they_wrote_and_pictures_are_attached(stage: GitHubStage) -> None:
    messages, _cursor = poll(stage)
    wish, crash = messages["comment-5105"], messages["comment-5104"]
    assert (wish.text, wish.quote) == ("It would be great if it followed the system.", "Dark mode, please")
    assert crash.text == "Bei mir stürzt es seit 3.2 ab\n\nBild"
    assert [file.url for file in crash.attachments] == ["https://github.com/user-attachments/assets/0a1b"]


def test_programs_are_automatic_and_we_are_us(stage: GitHubStage) -> None:
    stage.items[0] = {**stage.items[0], "user": {**stage.items[0]["user"], "type": "Bot"}}
    stage.items[1] = {**stage.items[1], "user": {**stage.items[1]["user"], "login": "Gardener"}}
    messages, _cursor = poll(stage)
    assert messages["comment-5106"].is_automatic
    ours = messages["comment-5105"].author
    assert ours and ours.is_us


def test_an_issue_begins_the_conversation_of_its_comments(stage: GitHubStage) -> None:
    issues, _cursor = poll(stage, "issues")
    comments, _cursor = poll(stage)
    assert comments["comment-5101"].thread_id == comments["comment-5101"].parent_id == issues["issue-42"].external_id
    assert issues["issue-42"].subject == "Dark mode"


def test_discussions_come_with_all_that_was_said_in_them(stage: GitHubStage) -> None:
    messages, _cursor = poll(stage, "discussions")
    assert set(messages) == {"discussion-9", "discussion-8", "remark-7101", "remark-7102", "remark-7103"}
    assert {messages[name].thread_id for name in messages if name.startswith("remark")} == {"discussion-9"}
    assert messages["remark-7102"].subject == "Wie druckt ihr?"
    assert messages["remark-7103"].author is None


def test_of_a_discussion_that_changed_only_what_is_new_comes_again(stage: GitHubStage) -> None:
    _messages, cursor = poll(stage, "discussions")
    again, cursor = poll(stage, "discussions", cursor)
    assert again == {}
    later = "2026-11-20T14:00:00Z"
    fresh = {**stage.remarks["D_9"][0], "id": "DC_7109", "databaseId": 7109, "createdAt": later, "updatedAt": later}
    stage.remarks["D_9"].append({**fresh, "replies": {"nodes": [], "pageInfo": {"hasNextPage": False}}})
    stage.discussions[0] = {**stage.discussions[0], "updatedAt": later}
    again, _cursor = poll(stage, "discussions", cursor)
    assert set(again) == {"discussion-9", "remark-7102", "remark-7109"}


def test_an_answered_comment_that_was_deleted_leaves_an_empty_place(stage: GitHubStage) -> None:
    stage.remarks["D_9"][0] = {**stage.remarks["D_9"][0], "deletedAt": "2026-11-20T13:00:00Z", "body": ""}
    batches = list(stage.connector().poll("discussions", None, None))
    assert [d.external_id for b in batches for d in b.deletions] == ["remark-7101"]
    assert not any(batch.bad for batch in batches)


def test_more_answers_than_a_page_are_all_read(stage: GitHubStage) -> None:
    replies = stage.remarks["D_9"][0]["replies"]
    replies["pageInfo"] = {"hasNextPage": True, "endCursor": "more"}
    further = {**replies["nodes"][0], "id": "DC_7120", "databaseId": 7120}
    stage.upset_where = lambda request: b'"after":"more"' in request.content
    shown = {"nodes": [further], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    stage.upset = lambda _request: httpx.Response(200, json={"data": {"node": {"replies": shown}}})
    assert "remark-7120" in poll(stage, "discussions")[0]


def test_a_broken_discussion_is_set_aside(stage: GitHubStage) -> None:
    stage.discussions[1] = {**stage.discussions[1], "number": None}
    batches = list(stage.connector().poll("discussions", None, None))
    assert len([bad for batch in batches for bad in batch.bad]) == 1
    assert sum(len(batch.messages) for batch in batches) == 4


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<!-- nur eine Notiz", ""),
        ("```\n> kein Zitat\n```", "```\n> kein Zitat\n```"),
        ("> nur ein Zitat", "nur ein Zitat"),
        ('Siehe <img width="3" src="https://a.example/x.png" alt="">', "Siehe"),
        ("![](http://[) und [x](javascript:1)", "und [x](javascript:1)"),
    ],
)
def test_markdown_is_read_as_words(body: str, text: str) -> None:
    assert written_in(body).text == text


@pytest.mark.parametrize("hostile", ["[" * 60_000, "![" * 30_000, "<!--" * 15_000, "<img " * 12_000, ">" * 60_000])
def test_hostile_markdown_costs_no_time(hostile: str) -> None:
    started = time.process_time()
    written_in(hostile)
    assert time.process_time() - started < 3


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_about_a_discussion_is_read(stage: GitHubStage) -> None:
    comment = {**recording("github/comments.json")[0], "id": 7102, "node_id": "DC_7102"}
    batch = stage.connector().receive(
        *delivery("discussion_comment", action="created", discussion={"number": 9, "title": "Drucken"}, comment=comment)
    )
    (message,) = batch.messages
    assert (message.external_id, message.thread_id, message.subject) == ("remark-7102", "discussion-9", "Drucken")
    assert message.visibility is Visibility.PRIVATE


def test_a_delivery_tells_of_deletions_and_leaves_out_what_nobody_said(stage: GitHubStage) -> None:
    issue = recording("github/issue_open.json")
    gone = stage.connector().receive(*delivery("issues", action="deleted", issue=issue))
    assert [deletion.external_id for deletion in gone.deletions] == ["issue-42"]
    for event, action in (("ping", None), ("issues", "labeled"), ("push", "created")):
        assert stage.connector().receive(*delivery(event, action=action, issue=issue)).filtered == 1


def test_a_delivery_about_another_repository_is_refused(stage: GitHubStage) -> None:
    with pytest.raises(Refused, match="not about"):
        stage.connector().receive(*delivery("issues", repository={"full_name": "garden/other"}, action="opened"))


# ── answering ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "below"), [("discussion-9", None), ("remark-7101", "DC_7101"), ("remark-7102", "DC_7101")]
)
def test_an_answer_in_a_discussion_goes_below_the_right_comment(
    stage: GitHubStage, name: str, below: str | None
) -> None:
    message = poll(stage, "discussions")[0][name]
    if name == "remark-7102":
        inner = {"id": "DC_7102", "replyTo": {"id": "DC_7101"}, "discussion": {"id": "D_9"}}
        stage.upset_where = lambda request: b"replyTo {" in request.content
        stage.upset = lambda _request: httpx.Response(200, json={"data": {"node": inner}})
    reply = stage.reply_to(message, "Bald *mehr*")
    assert stage.connector().find_sent(reply) is None
    receipt = stage.connector().send(reply)
    sent = asked(stage)[-1]["variables"]
    assert sent == {"discussion": "D_9", "below": below, "body": r"Bald \*mehr\*"}
    assert stage.connector().find_sent(reply) == receipt


def test_a_repository_whose_owner_refuses_comments_says_so(stage: GitHubStage) -> None:
    reply = stage.reply_to(poll(stage)[0]["comment-5101"])
    stage.upset_where = stage.is_send
    stage.upset = lambda _request: httpx.Response(403, json={"message": "Unable to create comment: issue is locked"})
    with pytest.raises(Refused, match="locked"):
        stage.connector().send(reply)


# ── moderating ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_spam_is_hidden_as_spam_and_only_comments_are_hidden(stage: GitHubStage) -> None:
    stage.connector().act(act(ActName.MARK_SPAM))
    assert asked(stage)[-1]["variables"] == {"id": "IC_1", "why": "SPAM"}
    stage.connector().act(act(ActName.HIDE, "remark"))
    assert asked(stage)[-1]["variables"]["why"] == "OFF_TOPIC"
    before = len(stage.requests)
    for kind in ("issue", "discussion"):
        with pytest.raises(Refused, match="comments only"):
            stage.connector().act(act(ActName.HIDE, kind))
    assert len(stage.requests) == before


@pytest.mark.parametrize(
    ("kind", "mutation"),
    [
        ("issue", "deleteIssue("),
        ("comment", "deleteIssueComment("),
        ("discussion", "deleteDiscussion("),
        ("remark", "deleteDiscussionComment("),
    ],
)
def test_each_kind_is_deleted_in_its_own_way_and_once(stage: GitHubStage, kind: str, mutation: str) -> None:
    stage.connector().act(act(ActName.DELETE, kind))
    assert mutation in asked(stage)[-1]["query"]
    stage.upset_where = lambda _request: True
    stage.upset = lambda _request: errors("NOT_FOUND")
    assert stage.connector().act(act(ActName.DELETE, kind)).external_id == f"{kind}-1"


def test_what_is_locked_is_not_locked_again(stage: GitHubStage) -> None:
    stage.connector().act(act(ActName.LOCK))
    assert asked(stage)[-1]["variables"] == {"id": "I_42"}
    assert "lockLockable" in asked(stage)[-1]["query"]
    before = len(stage.requests)
    stage.connector().act(act(ActName.LOCK, undo=True))
    assert len(stage.requests) - before == 1


def test_people_are_blocked_by_the_organisation_that_owns_the_repository(stage: GitHubStage) -> None:
    stage.connector().act(act(ActName.BLOCK))
    assert stage.requests[-1].url.path == "/orgs/garden/blocks/dora"
    stage.memory.save({"us": {**stage.memory.load()["us"], "organisation": ""}})
    stage.connector().act(act(ActName.BLOCK))
    assert stage.requests[-1].url.path == "/user/blocks/dora"


@pytest.mark.parametrize(("is_blocked", "status"), [(True, 204), (False, 404)])
def test_a_refused_block_is_one_that_stands_or_a_refusal(stage: GitHubStage, is_blocked: bool, status: int) -> None:
    stage.checked()
    stage.upset_where = lambda request: "/blocks/" in request.url.path
    stage.upset = lambda request: httpx.Response(422 if request.method == "PUT" else status, json={"message": "no"})
    if is_blocked:
        assert stage.connector().act(act(ActName.BLOCK)).external_id == "904"
    else:
        with pytest.raises(Refused, match="422"):
            stage.connector().act(act(ActName.BLOCK))


def test_a_reader_of_the_repository_cannot_moderate_and_hears_why(stage: GitHubStage) -> None:
    stage.upset_where = lambda request: request.url.path == REPOSITORY
    readable = {**recording("github/repository.json"), "permissions": {"admin": False, "push": False, "pull": True}}
    stage.upset = lambda _request: httpx.Response(200, json=readable)
    stage.checked()
    described = stage.connector().describe()
    assert described.acts == {ActName.LIKE}
    assert "only read" in described.because[ActName.DELETE]


# ── how GitHub says no ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "when_asked", "when_changed"),
    [
        ("RATE_LIMITED", RateLimited, RateLimited),
        ("FORBIDDEN", NeedsPerson, Refused),
        ("INSUFFICIENT_SCOPES", NeedsPerson, Refused),
        ("NOT_FOUND", Gone, Gone),
        ("UNPROCESSABLE", Refused, Refused),
        ("SOMETHING", Passing, Refused),
    ],
)
def test_graphql_says_no_with_a_200(
    stage: GitHubStage, kind: str, when_asked: type[Exception], when_changed: type[Exception]
) -> None:
    stage.upset_where = lambda request: request.url.path == "/graphql"
    stage.upset = lambda _request: errors(kind)
    with pytest.raises(when_asked):
        poll(stage, "discussions")
    with pytest.raises(when_changed) as caught:
        stage.connector().act(act(ActName.LIKE))
    assert str(caught.value)


def test_a_403_without_headers_may_be_patience_too(stage: GitHubStage) -> None:
    words = {"message": "You have exceeded a secondary rate limit. Please wait."}
    stage.upset = lambda _request: httpx.Response(403, json=words)
    with pytest.raises(RateLimited) as caught:
        poll(stage)
    assert caught.value.retry_after == 60


def test_a_used_up_limit_is_waited_for_until_it_is_renewed(stage: GitHubStage) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 900)}
    stage.upset = lambda _request: httpx.Response(403, headers=headers, json={"message": "API rate limit exceeded"})
    with pytest.raises(RateLimited) as caught:
        poll(stage)
    assert caught.value.retry_after == pytest.approx(900, abs=3)


def test_a_repository_that_is_not_there_needs_a_person(stage: GitHubStage) -> None:
    stage.upset_where = lambda request: request.url.path == REPOSITORY
    stage.upset = lambda _request: httpx.Response(404, json={"message": "Not Found"})
    with pytest.raises(NeedsPerson, match="garden/app"):
        stage.checked()


def test_an_own_server_has_its_graphql_beside_its_rest() -> None:
    api = GitHubApi("https://git.example/api/v3", "t", Surroundings(Remembering()))
    assert api.graphql == "https://git.example/api/graphql"
    assert (
        GitHubApi("https://api.github.com", "t", Surroundings(Remembering())).graphql
        == "https://api.github.com/graphql"
    )


def test_a_comment_that_says_nothing_does_not_hide_our_answer(stage: GitHubStage) -> None:
    reply = stage.reply_to(poll(stage)[0]["comment-5101"])
    receipt = stage.connector().send(reply)
    stage.items[0] = {**stage.items[0], "body": "<!-- -->"}
    assert stage.connector().find_sent(reply) == receipt
