"""NodeBB: what stands above an answer, pages that hide posts, deletions, roles, and acts with their undoing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Act, ActName, Batch, IncomingMessage, Known, NeedsPerson, OutcomeUnknown, Refused
from tests.contract.stage import recording
from tests.contract.stage_nodebb import RECENT, SERVER, WRITE, NodeBBStage

HANDLE = {"topic_id": 12, "person_id": 11}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> NodeBBStage:
    return NodeBBStage(monkeypatch)


def messages(batches: list[Batch]) -> dict[str, IncomingMessage]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def answered(stage: NodeBBStage, path: str, status: int, body: Any) -> None:
    """The forum answers this there, and as ever elsewhere."""
    stage.upset, stage.upset_where = (
        (lambda _request: httpx.Response(status, json=body)),
        (lambda request: request.url.path == path),
    )


def act(name: ActName, **changes: Any) -> Act:
    return replace(Act("k", name, "301", "11", HANDLE, "Werbung"), **changes)


def test_the_beginning_of_a_topic_is_asked_for_once(stage: NodeBBStage) -> None:
    found = messages(stage.brought())
    assert (found["301"].parent_id, found["301"].thread_id) == ("300", "12")
    assert found["301"].subject == "Version 4.2: Kalender & Vertretung"
    assert found["303"].text == "Seit dem Update stürzt die App beim Drucken ab.\n\nDas nervt."
    told = messages([stage.connector().thread(list(found.values()))])
    assert set(told) == {"300"}
    assert told["300"].parent_id == ""
    assert told["300"].author and told["300"].author.is_us
    assert told["300"].author.avatar_url == f"{SERVER}/assets/uploads/profile/5.png"
    assert sum(request.url.path == f"{WRITE}/posts/300/summary" for request in stage.requests) == 1


def test_a_page_of_posts_that_the_account_may_not_see_is_not_the_end(stage: NodeBBStage) -> None:
    stage.pages = [stage.items[:2], [], [], stage.items[2:]]
    assert set(messages(stage.brought())) == {"301", "302", "303", "304", "305"}


def test_a_post_that_vanishes_while_it_is_read_keeps_nobody_waiting(stage: NodeBBStage) -> None:
    answered(stage, f"{WRITE}/posts/303/summary", 404, {"status": {"code": "not-found", "message": "Gone"}})
    batches = stage.brought()
    assert set(messages(batches)) == {"301", "302", "304", "305"}
    assert sum(batch.filtered for batch in batches) == 1


def test_what_was_deleted_before_it_was_read_is_left_out(stage: NodeBBStage) -> None:
    stage.items[1] = {**stage.items[1], "deleted": True}
    batches = stage.brought()
    assert "304" not in messages(batches)
    assert sum(batch.filtered for batch in batches) == 1


def test_a_cursor_with_nonsense_in_it_does_not_stop_the_stream(stage: NodeBBStage) -> None:
    assert len(messages(stage.brought({"v": 1, "watched": "all"}))) == 5


def test_posts_of_other_servers_are_named_by_their_address(stage: NodeBBStage) -> None:
    away = "https://feld.example/notes/7?x=1"
    stage.items[0] = {**stage.items[0], "pid": away, "uid": "https://feld.example/u/mika"}
    stage.items[0]["user"] = {**stage.items[0]["user"], "uid": "https://feld.example/u/mika"}
    found = messages(stage.brought())[away]
    assert found.author and found.author.external_id == "https://feld.example/u/mika"
    assert "person_id" not in found.reply_handle
    assert [d.external_id for d in stage.connector().refetch([Known(away, "12", HANDLE)]).deletions] == []
    assert stage.requests[-1].url.raw_path == b"/api/v3/posts/https%3A%2F%2Ffeld.example%2Fnotes%2F7%3Fx%3D1/summary"


def test_a_post_that_moderators_still_see_counts_as_deleted(stage: NodeBBStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.items[1] = {**stage.items[1], "deleted": True}
    with stage.later():
        batches = stage.brought(cursor)
    assert [d.external_id for batch in batches for d in batch.deletions] == ["304"]


def test_a_check_names_the_account_and_what_it_may_do(stage: NodeBBStage) -> None:
    account = stage.checked()
    assert (account.name, account.external_id) == ("Brandworks@forum.garten.example", "5")
    assert account.latest[0].external_id == "305"
    assert stage.connector().describe().acts == stage.connector().capabilities.acts
    answered(stage, "/api/self", 200, {"uid": 5, "username": "Brandworks", "isAdmin": False})
    stage.checked()
    told = stage.connector().describe()
    assert told.acts == {ActName.REPORT, ActName.LIKE}
    assert "not a moderator" in told.because[ActName.BAN]


def test_a_token_of_nobody_needs_a_person(stage: NodeBBStage) -> None:
    answered(stage, "/api/self", 200, {"uid": 0, "username": "[[global:guest]]"})
    with pytest.raises(NeedsPerson, match="no account"):
        stage.checked()


def test_an_answer_is_words_in_the_topic_to_the_post(stage: NodeBBStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["301"], "*wichtig*\n# kein Titel")
    receipt = stage.connector().send(reply)
    assert json.loads(stage.requests[-1].content) == {"content": "\\*wichtig\\*\n\\# kein Titel", "toPid": 301}
    assert (receipt.external_id, receipt.url) == ("900", f"{SERVER}/post/900")


def test_an_answer_that_waits_for_moderators_has_left(stage: NodeBBStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["301"])
    answered(stage, stage.send_path, 200, {"status": {}, "response": {"queued": True, "message": "…"}})
    assert stage.connector().send(reply).url == f"{SERVER}/topic/12"
    answered(stage, stage.send_path, 200, {"status": {}, "response": {}})
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


@pytest.mark.parametrize("status", [400, 403])
def test_the_forums_own_reason_is_told_and_the_connection_stays(stage: NodeBBStage, status: int) -> None:
    reply = stage.reply_to(messages(stage.brought())["301"])
    answered(stage, stage.send_path, status, {"status": {"code": "x", "message": "This topic has been locked."}})
    with pytest.raises(Refused, match="has been locked"):
        stage.connector().send(reply)


@pytest.mark.parametrize(
    ("given", "method", "path", "body"),
    [
        (act(ActName.DELETE), "DELETE", "/posts/301/state", None),
        (act(ActName.DELETE, undo=True), "PUT", "/posts/301/state", None),
        (act(ActName.LIKE), "PUT", "/posts/301/vote", {"delta": 1}),
        (act(ActName.LIKE, undo=True), "DELETE", "/posts/301/vote", None),
        (act(ActName.LOCK), "PUT", "/topics/12/lock", None),
        (act(ActName.LOCK, undo=True), "DELETE", "/topics/12/lock", None),
        (act(ActName.REPORT), "POST", "/flags/", {"type": "post", "id": 301, "reason": "Werbung"}),
        (act(ActName.BAN), "PUT", "/users/11/ban", {"reason": "Werbung"}),
        (
            act(ActName.MUTE, until=datetime(2026, 12, 1, tzinfo=UTC)),
            "PUT",
            "/users/11/mute",
            {"reason": "Werbung", "until": 1_796_083_200_000},
        ),
        (act(ActName.MUTE, undo=True), "DELETE", "/users/11/mute", None),
    ],
)
def test_acts_ask_for_the_state_that_is_wanted(
    stage: NodeBBStage, given: Act, method: str, path: str, body: Any
) -> None:
    stage.connector().act(given)
    (request,) = stage.requests
    assert (request.method, request.url.path) == (method, WRITE + path)
    assert (json.loads(request.content) if request.content else None) == body


def test_muting_without_an_end_is_for_ever(stage: NodeBBStage) -> None:
    stage.connector().act(act(ActName.MUTE))
    assert json.loads(stage.requests[-1].content)["until"] > datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000


def test_a_post_that_somebody_else_deleted_counts_as_deleted(stage: NodeBBStage) -> None:
    stage.brought()
    answered(stage, f"{WRITE}/posts/301/state", 400, {"status": {"message": "This post has already been deleted"}})
    with pytest.raises(Refused, match="already"):
        stage.connector().act(act(ActName.DELETE))
    stage.items[-1] = {**recording("nodebb/posts.json")[-1], "deleted": True}
    assert stage.connector().act(act(ActName.DELETE)).external_id == "301"
    with pytest.raises(Refused, match="already"):
        stage.connector().act(act(ActName.DELETE, undo=True))


def test_a_person_of_another_server_is_not_banned_by_a_number(stage: NodeBBStage) -> None:
    with pytest.raises(Refused):
        stage.connector().act(act(ActName.BAN, handle={"topic_id": 12}))
    assert not [request for request in stage.requests if request.url.path != RECENT]
