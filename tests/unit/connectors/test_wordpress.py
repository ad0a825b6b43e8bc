"""WordPress: threads out of numbers, what waits for approval, sites of all shapes, and states given and taken back."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.contract import (
    Act,
    ActName,
    Batch,
    Gone,
    IncomingMessage,
    NeedsPerson,
    Passing,
    Refused,
    Visibility,
)
from inbox.connectors.wordpress import WordPressSetup
from tests.contract.stage import recording
from tests.contract.stage_wordpress import COMMENTS, WordPressStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WordPressStage:
    return WordPressStage(monkeypatch)


def messages(batches: list[Batch]) -> dict[str, IncomingMessage]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def act(name: ActName, **changes: Any) -> Act:
    return replace(Act("k", name, "901", "guest:x", {"post_id": 41, "status": "approved"}), **changes)


def asked(stage: WordPressStage, method: str = "GET") -> list[httpx.Request]:
    return [request for request in stage.requests if request.method == method]


def test_an_answer_stands_in_the_conversation_of_the_comment_that_began_it(stage: WordPressStage) -> None:
    found = messages(stage.brought())
    assert (found["905"].thread_id, found["905"].parent_id) == ("903", "903")
    assert found["903"].thread_id == "903"
    assert found["905"].subject == "Der neue Kalender – was sich ändert"


def test_what_begins_on_another_page_is_asked_for_once_per_page_and_level(stage: WordPressStage) -> None:
    first = stage.items[0]
    deep = [{**first, "id": 2_000 + n, "parent": 1_000 + n} for n in range(20)]
    middle = [{**first, "id": 1_000 + n, "parent": 901} for n in range(20)]
    stage.pages = [deep, middle, stage.items]
    batches = list(stage.connector().poll("approved", None, None))
    assert {messages(batches)[f"{2_000 + n}"].thread_id for n in range(20)} == {"901"}
    assert len([r for r in asked(stage) if "include" in r.url.params]) <= 6


def test_a_comment_above_that_is_gone_still_holds_its_answers_together(stage: WordPressStage) -> None:
    stage.items[0]["parent"] = stage.items[2]["parent"] = 77
    found = messages(stage.brought())
    assert found["905"].thread_id == found["903"].thread_id == "77"


def test_comments_that_answer_each_other_in_a_circle_end(stage: WordPressStage) -> None:
    stage.items[2]["parent"] = 905
    assert len(messages(stage.brought())) == 5


def test_what_stands_before_the_wanted_past_is_left_to_those_who_ask_for_it(stage: WordPressStage) -> None:
    since = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
    found = messages(stage.brought(since=since))
    assert sorted(found) == ["904", "905"]
    above = messages([stage.connector().thread([found["905"]])])
    assert {name: message.thread_id for name, message in above.items()} == {"903": found["905"].thread_id}


@pytest.mark.parametrize(
    ("answer", "is_seen"), [("the comment", True), ("rest_comment_invalid_id", True), ("rest_no_route", False)]
)
def test_an_empty_site_is_believed_by_what_it_says_of_one_comment(
    stage: WordPressStage, answer: str, is_seen: bool
) -> None:
    known = stage.known(stage.brought())
    comment = stage.items[0]

    def empty(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/comments"):
            return httpx.Response(200, json=[])
        if answer == "the comment":
            return httpx.Response(200, json={**comment, "status": "post-trashed"})
        return httpx.Response(404, json={"code": answer, "message": "No."})

    stage.upset, stage.upset_where = empty, lambda request: "/comments" in request.url.path
    if is_seen:
        stage.connector().reach(known)
    else:
        with pytest.raises(Gone, match="no comments"):
            stage.connector().reach(known)


def test_guests_of_one_name_are_told_apart_and_their_address_is_not_kept(stage: WordPressStage) -> None:
    stage.items[0]["author_name"] = "Lena Brandt"
    found = messages(stage.brought())
    assert found["905"].author and found["903"].author
    assert found["905"].author.external_id != found["903"].author.external_id
    assert "kunde.example" not in json.dumps([found["905"].author.external_id, found["905"].raw])


def test_what_waits_for_approval_is_read_apart_and_is_not_public(stage: WordPressStage) -> None:
    held = [{**stage.items[1], "id": 950, "status": "hold"}]
    stage.upset = lambda _request: httpx.Response(200, json=held)
    stage.upset_where = lambda request: (
        request.url.params.get("status") == "hold" and "include" not in request.url.params
    )
    batches = list(stage.connector().poll("held", None, None))
    assert {name: m.visibility for name, m in messages(batches).items()} == {"950": Visibility.PRIVATE}


def test_a_page_behind_the_last_may_be_called_a_mistake(stage: WordPressStage) -> None:
    stage.upset = lambda _request: httpx.Response(400, json={"code": "rest_comment_invalid_page_number"})
    stage.upset_where = lambda request: request.url.params.get("page") == "2"
    assert len(messages(stage.brought())) == 5


@pytest.mark.parametrize(
    ("site", "link", "path"),
    [
        ("https://blog.brand.example", "", "/wp-json/wp/v2/users/me"),
        ("https://blog.brand.example/news", "https://blog.brand.example/news/wp-json/", "/news/wp-json/wp/v2/users/me"),
        ("blog.brand.example", "https://blog.brand.example/index.php/wp-json/", "/index.php/wp-json/wp/v2/users/me"),
        ("https://blog.brand.example/wp-json/", "https://evil.example/wp-json/", "/wp-json/wp/v2/users/me"),
        ("https://blog.brand.example", "https://blog.brand.example/?rest_route=/", "/"),
    ],
)
def test_the_api_is_found_wherever_the_site_has_it(
    stage: WordPressStage, monkeypatch: pytest.MonkeyPatch, site: str, link: str, path: str
) -> None:
    def site_of(request: httpx.Request) -> httpx.Response:
        if request.url.path in {"/", "/news/"} and "rest_route" not in request.url.params:
            return httpx.Response(200, headers={"Link": f'<{link}>; rel="https://api.w.org/"'} if link else {})
        where = request.url.params.get("rest_route") or request.url.path
        return httpx.Response(200, json=recording("wordpress/me.json") if where.endswith("/me") else stage.items[:3])

    monkeypatch.setattr(WordPressStage, "settings", {**stage.settings, "site": site})
    stage.upset, stage.upset_where = site_of, lambda _request: True
    assert [m.external_id for m in stage.checked().latest] == ["905", "904", "903"]
    assert asked(stage)[1].url.path == path
    assert {request.url.host for request in stage.requests} == {"blog.brand.example"}


def test_a_front_page_that_is_closed_does_not_matter(stage: WordPressStage) -> None:
    stage.upset, stage.upset_where = (lambda _r: httpx.Response(503)), lambda request: request.url.path == "/"
    assert stage.checked().name == "Redaktion @ blog.brand.example"


def test_an_account_that_may_not_moderate_is_told_so(stage: WordPressStage) -> None:
    me = {**recording("wordpress/me.json"), "capabilities": {"read": True}}
    stage.upset, stage.upset_where = (lambda _r: httpx.Response(200, json=me)), lambda r: r.url.path.endswith("/me")
    with pytest.raises(NeedsPerson, match="Editor"):
        stage.checked()


def test_two_answers_within_seconds_are_a_matter_of_patience(stage: WordPressStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["901"])
    stage.upset = lambda _request: httpx.Response(400, json={"code": "comment_flood", "message": "Slow down."})
    stage.upset_where = stage.is_send
    with pytest.raises(Passing) as caught:
        stage.connector().send(reply)
    assert caught.value.retry_after == 20


def test_a_closed_discussion_refuses_the_answer_and_not_the_connection(stage: WordPressStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["901"])
    stage.upset = lambda _request: httpx.Response(403, json={"code": "rest_comment_closed", "message": "Closed."})
    stage.upset_where = stage.is_send
    with pytest.raises(Refused, match="closed"):
        stage.connector().send(reply)


def test_words_of_an_answer_are_no_markup(stage: WordPressStage) -> None:
    stage.connector().send(stage.reply_to(messages(stage.brought())["901"], "1 < 2 & <b>fett</b>"))
    body = json.loads(asked(stage, "POST")[-1].content)
    assert body == {"post": 41, "parent": 901, "content": "1 &lt; 2 &amp; &lt;b&gt;fett&lt;/b&gt;"}


def test_undoing_gives_back_the_state_that_was(stage: WordPressStage) -> None:
    stage.status["901"] = "hold"
    done = stage.connector().act(act(ActName.MARK_SPAM))
    assert stage.status["901"] == "spam"
    stage.connector().act(act(ActName.MARK_SPAM, undo=True, undo_state=done.state))
    assert stage.status["901"] == "hold"


def test_an_act_that_was_done_before_its_answer_got_lost_can_still_be_undone(stage: WordPressStage) -> None:
    stage.connector().act(act(ActName.DELETE))
    again = stage.connector().act(act(ActName.DELETE))
    stage.connector().act(act(ActName.DELETE, undo=True, undo_state=again.state))
    assert stage.status["901"] == "approved"


def test_deleting_what_is_gone_is_done_and_approving_it_is_not(stage: WordPressStage) -> None:
    stage.connector().act(act(ActName.DELETE, message_id="999"))
    with pytest.raises(Refused):
        stage.connector().act(act(ActName.APPROVE, message_id="999"))


@pytest.mark.parametrize("name", ["", "../users/1", "٣", "1e3"])
def test_a_number_that_is_none_never_becomes_part_of_an_address(stage: WordPressStage, name: str) -> None:
    with pytest.raises(Refused):
        stage.connector().act(act(ActName.DELETE, message_id=name))
    assert not stage.requests


def test_spam_and_bin_are_deletions_for_those_who_read(stage: WordPressStage) -> None:
    known = stage.known(stage.brought())
    stage.upset = lambda _request: httpx.Response(200, json=[])
    stage.upset_where = lambda request: request.url.path == COMMENTS
    assert len(stage.connector().refetch(known).deletions) == len(known)


@pytest.mark.parametrize("site", ["ftp://blog.example", "https://me:pw@blog.example", "", "https://"])
def test_what_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(ValidationError):
        WordPressSetup(site=site, username="u", password="p")
