"""Matrix: edits by others, conversations older than the wanted past, rooms that cannot be read, and names that come once."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors import matrix_poll
from inbox.connectors.contract import (
    Act,
    ActName,
    Batch,
    IncomingMessage,
    Known,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    Refused,
    Visibility,
)
from inbox.connectors.matrix import MatrixSetup
from tests.contract.stage_matrix import API, ROOM, US, MatrixStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> MatrixStage:
    return MatrixStage(monkeypatch)


def messages(batches: list[Batch]) -> dict[str, IncomingMessage]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def act(stage: MatrixStage, name: ActName, **changes: Any) -> Act:
    handle = {"room": ROOM, "event": stage.items[0]["event_id"], "sender": "@lena:garten.example"}
    return replace(Act("k", name, stage.items[0]["event_id"], "@lena:garten.example", handle, "spam"), **changes)


def with_sync(stage: MatrixStage, room: dict[str, Any], token: str = "s9") -> None:
    """The next syncs say this of the room."""
    body = {"next_batch": token, "rooms": {"join": {ROOM: room}}}
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(200, json=body)), stage.is_poll


def timeline(*events: Any) -> dict[str, Any]:
    return {"timeline": {"events": list(events), "limited": False, "prev_batch": "p1"}, "state": {"events": []}}


def test_people_and_rooms_are_called_what_they_said_once(stage: MatrixStage) -> None:
    first = stage.brought()
    message = messages(first)[stage.name_of(stage.items[0])]
    assert message.author and (message.author.name, message.author.handle) == ("Lena Brandt", "lena:garten.example")
    assert (message.subject, message.visibility) == ("Brandworks Support", Visibility.PUBLIC)
    fresh = stage.named(stage.items[0], "3lbnew2222")
    stage.items = [fresh, *stage.items]
    later = messages(stage.brought(first[-1].cursor))[fresh["event_id"]]
    assert later.author and (later.author.name, later.subject) == ("Lena Brandt", "Brandworks Support")


def test_an_answer_stands_in_the_conversation_of_what_it_answers(stage: MatrixStage) -> None:
    found = messages(stage.brought())
    question, answer = stage.items[2]["event_id"], stage.items[1]["event_id"]
    assert (found[answer].thread_id, found[answer].parent_id, found[question].thread_id) == (question,) * 3


def test_an_answer_brings_along_what_it_answers_from_before_the_wanted_past(stage: MatrixStage) -> None:
    since = datetime(2026, 11, 20, 11, 15, tzinfo=UTC)
    assert [name[:6] for name in messages(stage.brought(since=since))] == ["$ev903", "$ev904", "$ev905"]


def test_answers_in_a_circle_end(stage: MatrixStage) -> None:
    first, second = stage.items[0], stage.items[2]
    first["content"]["m.relates_to"] = {"m.in_reply_to": {"event_id": second["event_id"]}}
    second["content"]["m.relates_to"] = {"m.in_reply_to": {"event_id": first["event_id"]}}
    assert len(messages(stage.brought())) == 5


def test_nobody_else_changes_somebodys_words(stage: MatrixStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.edit(1, "Untergeschoben")
    stage.happened[0]["sender"] = "@troll:garten.example"
    batches = stage.brought(cursor)
    assert (messages(batches), batches[0].filtered) == ({}, 1)


def test_an_edit_that_its_server_shows_with_the_message_is_read_and_a_forged_one_is_not(stage: MatrixStage) -> None:
    def edit(sender: str) -> dict[str, Any]:
        new = {"content": {"m.new_content": {"msgtype": "m.text", "body": "Neu"}}, "sender": sender}
        return {"m.relations": {"m.replace": {**new, "origin_server_ts": 1_795_190_000_000}}}

    stage.items[0]["unsigned"], stage.items[2]["unsigned"] = edit("@lena:garten.example"), edit("@troll:x.example")
    found = messages(stage.brought())
    edited = found[stage.items[0]["event_id"]]
    assert (edited.text, edited.edited_at is not None) == ("Neu", True)
    assert found[stage.items[2]["event_id"]].text == "Ist die Wochenansicht weg?"


def test_older_rooms_say_elsewhere_what_was_taken_back(stage: MatrixStage) -> None:
    gone = stage.named(stage.items[0], "gone")
    with_sync(stage, timeline({**gone, "type": "m.room.redaction", "content": {}, "redacts": "$x"}))
    batch = stage.brought()[0]
    assert ([deletion.external_id for deletion in batch.deletions], batch.filtered) == (["$x"], 0)


def test_what_is_encrypted_is_counted_and_told(stage: MatrixStage) -> None:
    assert "polls" not in stage.connector().describe().because
    secret = {**stage.items[0], "type": "m.room.encrypted", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    with_sync(stage, timeline(secret))
    assert stage.brought()[0].filtered == 1
    assert "encrypted" in stage.connector().describe().because["polls"]
    with pytest.raises(NeedsPerson, match="encrypted"):
        stage.checked()


def test_rooms_that_were_not_chosen_are_not_read(stage: MatrixStage) -> None:
    for rooms, count in (("#support:garten.example", 5), (ROOM, 5), ("#other:garten.example", 0)):
        connector = stage.connector()
        connector.settings = MatrixSetup(**{**stage.settings, "rooms": rooms})
        assert len(messages(list(connector.poll("rooms", None, None)))) == count, rooms
    connector.surroundings.memory.save({})
    with pytest.raises(NeedsPerson, match="none of these rooms"):
        connector.check()


def test_a_direct_room_is_one_conversation_of_two(stage: MatrixStage) -> None:
    direct = {"type": "m.direct", "content": {"@lena:garten.example": [ROOM], "@broken:x": "no list"}}
    body = {"next_batch": "s9", "account_data": {"events": [direct]}, "rooms": {"join": {ROOM: timeline(*stage.items)}}}
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(200, json=body)), stage.is_poll
    found = messages(stage.brought()).values()
    assert {(message.thread_id, message.visibility) for message in found} == {(ROOM, Visibility.DIRECT)}


def test_files_and_gestures_become_words(stage: MatrixStage) -> None:
    photo = {"msgtype": "m.image", "body": "woche.png", "info": {"mimetype": "image/png", "size": 1200}}
    stage.items[0]["content"] = {**photo, "url": "mxc://garten.example/abc"}
    stage.items[1]["content"] = {"msgtype": "m.emote", "body": "winkt"}
    stage.items[2]["content"] = {"msgtype": "m.notice", "body": "Build 12"}
    found = messages(stage.brought())
    picture = found[stage.items[0]["event_id"]].attachments[0]
    assert (picture.name, picture.media_type, picture.size_bytes, picture.url) == ("woche.png", "image/png", 1200, "")
    assert found[stage.items[1]["event_id"]].text == "* Mark Oyelaran winkt"
    assert found[stage.items[2]["event_id"]].is_automatic


def test_a_room_that_we_were_put_out_of_keeps_nobody_waiting(stage: MatrixStage) -> None:
    stage.pages = [stage.items[:2], stage.items[2:]]
    stage.upset = lambda _request: httpx.Response(403, json={"errcode": "M_FORBIDDEN", "error": "not in room"})
    stage.upset_where = lambda request: request.url.path.endswith("/messages")
    batches = stage.brought()
    assert len(messages(batches)) == 2
    assert batches[-1].cursor["gaps"] == []


def test_a_gap_too_long_for_one_poll_is_walked_on_in_the_next(
    stage: MatrixStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.pages = [stage.items[:1], stage.items[1:2], stage.items[2:3], stage.items[3:]]
    monkeypatch.setattr(matrix_poll, "PAGES", 1)
    first = stage.brought()
    assert (len(messages(first)), len(first[-1].cursor["gaps"])) == (2, 1)
    monkeypatch.setattr(matrix_poll, "PAGES", 10)
    assert len(messages([*first, *stage.brought(first[-1].cursor)])) == 5


def test_the_same_key_leaves_under_the_same_name(stage: MatrixStage) -> None:
    reply = stage.reply_to(messages(stage.brought())[stage.items[0]["event_id"]])
    for _ in range(2):
        stage.connector().send(reply)
    first, second = [request.url.path for request in stage.requests if stage.is_send(request)]
    assert first == second
    stage.connector().send(replace(reply, key="another"))
    assert stage.requests[-1].url.path != first


def test_an_answer_in_a_thread_stays_there_and_calls_only_whom_it_answers(stage: MatrixStage) -> None:
    stage.items[0]["content"]["m.relates_to"] = {"rel_type": "m.thread", "event_id": stage.items[2]["event_id"]}
    stage.connector().send(stage.reply_to(messages(stage.brought())[stage.items[0]["event_id"]], "@room hallo"))
    body = json.loads(stage.requests[-1].content)
    assert body["m.relates_to"]["event_id"] == stage.items[2]["event_id"]
    assert body["m.relates_to"]["m.in_reply_to"]["event_id"] == stage.items[0]["event_id"]
    assert body["m.mentions"] == {"user_ids": ["@lena:garten.example"]}
    assert "formatted_body" not in body


def test_an_answer_without_a_receipt_is_an_unknown_outcome(stage: MatrixStage) -> None:
    reply = stage.reply_to(messages(stage.brought())[stage.items[0]["event_id"]])
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(200, json={})), stage.is_send
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


def test_a_room_too_busy_to_look_through_says_so(stage: MatrixStage) -> None:
    reply = replace(stage.reply_to(messages(stage.brought())[stage.items[-1]["event_id"]]), created_at=None)
    endless = {"start": "p", "end": "q", "chunk": [stage.named(stage.items[0], "x")]}
    stage.upset = lambda _request: httpx.Response(200, json=endless)
    stage.upset_where = lambda request: request.url.path.endswith("/messages")
    with pytest.raises(Passing, match="Too much"):
        stage.connector().find_sent(reply)


def test_ignoring_keeps_those_who_are_ignored_already(stage: MatrixStage) -> None:
    stage.ignored = {"ignored_users": {"@troll:x.example": {}}}
    stage.connector().act(act(stage, ActName.BLOCK))
    assert set(stage.ignored["ignored_users"]) == {"@troll:x.example", "@lena:garten.example"}
    stage.connector().act(act(stage, ActName.BLOCK, undo=True))
    assert set(stage.ignored["ignored_users"]) == {"@troll:x.example"}


def test_a_like_that_was_given_before_is_no_failure_and_others_are(stage: MatrixStage) -> None:
    stage.upset_where = lambda request: "/send/m.reaction/" in request.url.path
    for code, is_fine in (("M_DUPLICATE_ANNOTATION", True), ("M_BAD_JSON", False)):
        stage.upset = lambda _request, code=code: httpx.Response(400, json={"errcode": code, "error": "no"})
        if is_fine:
            assert stage.connector().act(act(stage, ActName.LIKE)).state == {"event": ""}
        else:
            with pytest.raises(Refused):
                stage.connector().act(act(stage, ActName.LIKE))


def test_a_ban_until_a_time_is_not_pretended(stage: MatrixStage) -> None:
    with pytest.raises(Refused, match="for ever"):
        stage.connector().act(act(stage, ActName.BAN, until=datetime(2026, 12, 1, tzinfo=UTC)))
    assert not any(request.method == "POST" for request in stage.requests)


def test_ids_of_strangers_stay_one_part_of_an_address(stage: MatrixStage) -> None:
    stage.connector().act(act(stage, ActName.DELETE, handle={"room": ROOM, "event": "$x/../../admin?a=b"}))
    assert stage.requests[-1].url.raw_path.startswith(
        f"{API}/rooms/%21support%3Agarten.example/redact/%24x%2F..%2F..%2Fadmin%3Fa%3Db/".encode()
    )


def test_a_check_shows_who_we_are_and_the_last_messages(stage: MatrixStage) -> None:
    account = stage.checked()
    assert account.name == US
    with pytest.raises(ValidationError):
        MatrixSetup(server="https://me@garten.example", token="x")
    with pytest.raises(ValidationError):
        MatrixSetup(server="garten.example", token="a b")


@pytest.mark.parametrize(("status", "deleted"), [(403, 0), (404, 1)])
def test_being_sent_out_of_a_room_deletes_nothing_there(stage: MatrixStage, status: int, deleted: int) -> None:
    message = messages(stage.brought())[stage.name_of(stage.items[0])]
    stage.upset_where = lambda request: "/event/" in request.url.path
    stage.upset = lambda _request: httpx.Response(status, json={"errcode": "M_X", "error": "You are not in the room."})
    known = Known(message.external_id, message.thread_id, message.reply_handle)
    assert len(stage.connector().refetch([known]).deletions) == deleted
