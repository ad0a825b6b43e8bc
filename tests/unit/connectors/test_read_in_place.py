"""What is kept with an item is enough to read it later, and no more: who is private stays private, and nobody is asked."""

import json
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Batch, IncomingMessage, Visibility
from inbox.connectors.read_each import dumped, read_each, read_in_place
from tests.contract.older_version import older_version
from tests.contract.stage import Remembering, Stage, recording
from tests.contract.stage_discord import API, GUILD, DiscordStage
from tests.contract.stage_discourse import DiscourseStage
from tests.contract.stage_github import GitHubStage
from tests.contract.stage_gitlab import GitLabStage
from tests.contract.stage_matrix import ROOM, MatrixStage
from tests.contract.stage_slack import SlackStage


def polled(stage: Stage, stream: str) -> list[Batch]:
    return list(stage.connector().poll(stream, None, None))


def kept(stage: Stage, stream: str, name: str) -> tuple[IncomingMessage, str]:
    """The message as a poll brings it, and the same item as an older version kept it."""
    (expected,) = (m for batch in polled(stage, stream) for m in batch.messages if m.external_id == name)
    stage.forget()
    with older_version(name):
        (bad,) = (entry for batch in polled(stage, stream) for entry in batch.bad)
    return expected, bad.raw


@pytest.mark.parametrize("name", ["discussion-9", "remark-7102"])
def test_what_is_said_in_a_discussion_is_kept_with_its_number(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    stage = GitHubStage(monkeypatch)
    expected, raw = kept(stage, "discussions", name)
    assert list(stage.connector().reread(raw).messages) == [expected]


def test_an_answer_in_a_slack_thread_is_kept_with_the_names_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = SlackStage(monkeypatch)
    root, newest = stage.items[-1], float(stage.items[0]["ts"])
    answer = {**stage.items[0], "ts": f"{newest + 60:.6f}", "text": "Danke <@U02MARK02>", "thread_ts": root["ts"]}
    root["reply_count"] = 1
    stage.answers.append(answer)
    expected, raw = kept(stage, "messages", stage.name_of(answer))
    stage.memory = Remembering(**{**stage.memory.state, "names": {}})
    asked = len(stage.requests)
    assert list(stage.connector().reread(raw).messages) == [expected]
    assert (expected.text, len(stage.requests)) == ("Danke @Mark Oyelaran", asked)


def test_no_more_names_are_asked_for_than_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = SlackStage(monkeypatch)
    people = recording("slack/people.json")
    crowd = " ".join(f"<@U0{number:04}>" for number in range(50))
    stage.items[0] = {**stage.items[0], "ts": "unknown", "text": crowd}
    usual = stage.route

    def anybody(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(200, json=next(iter(people.values())))
            if "users.info" in str(request.url)
            else usual(request)
        )

    monkeypatch.setattr(stage, "route", anybody)
    (bad,) = (entry for batch in polled(stage, "messages") for entry in batch.bad)
    assert len(json.loads(bad.raw)["place"]["names"]) == 20


def test_what_is_said_in_a_discord_thread_is_kept_with_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, thread = DiscordStage(monkeypatch), "70000000000000055"
    said = {**stage.items[0], "id": str(int(stage.items[0]["id"]) + 1), "channel_id": thread}
    about = {
        "id": thread,
        "name": "Drucken",
        "last_message_id": said["id"],
        "thread_metadata": {},
    }
    told = {
        f"{GUILD}/threads/active": {"threads": [about], "members": []},
        f"{API}/channels/{thread}/messages": [said],
    }
    stage.upset, stage.upset_paths = lambda request: httpx.Response(200, json=told[request.url.path]), set(told)
    expected, raw = kept(stage, "messages", said["id"])
    assert (expected.thread_id, expected.subject) == (thread, "Drucken")
    assert list(stage.connector().reread(raw).messages) == [expected]


def test_a_private_message_stays_private(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = DiscourseStage(monkeypatch)
    post = {**stage.items[-1], "topic_id": 401, "post_number": 1, "id": 1301}
    answer = {"post_stream": {"posts": [post], "stream": [post["id"]]}}
    stage.upset, stage.upset_paths = lambda _request: httpx.Response(200, json=answer), {"/t/401.json"}
    expected, raw = kept(stage, "private", "1301")
    assert expected.visibility is Visibility.DIRECT
    assert list(stage.connector().reread(raw).messages) == [expected]


def test_a_comment_is_kept_with_its_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = GitLabStage(monkeypatch)
    at = "2026-11-20T13:00:00.000Z"
    said = {**recording("gitlab/note.json"), "id": 601, "author": stage.items[0]["author"], "created_at": at}
    stage.notes[13] = [{**said, "updated_at": at}]
    expected, raw = kept(stage, stage.stream, "note:601")
    assert expected.thread_id == "issue:13"
    assert list(stage.connector().reread(raw).messages) == [expected]


def in_room(**event: Any) -> str:
    said = {"event_id": "$e", "type": "m.room.message", "sender": "@ana:garten.example", **event}
    return dumped({"item": said, "place": {"room": ROOM, "names": {}, "roots": {}}})


def test_what_takes_a_message_back_is_a_deletion_later_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = MatrixStage(monkeypatch)
    batch = stage.connector().reread(in_room(type="m.room.redaction", content={"redacts": "$gone"}))
    assert ([each.external_id for each in batch.deletions], batch.fetched) == (["$gone"], 1)


def test_new_words_of_an_earlier_message_are_not_asked_for_there_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = MatrixStage(monkeypatch)
    relation = {"rel_type": "m.replace", "event_id": "$first"}
    batch = stage.connector().reread(in_room(content={"msgtype": "m.text", "body": "x", "m.relates_to": relation}))
    assert "asked for again" in batch.bad[0].reason
    assert not stage.requests


def test_only_what_cannot_be_read_is_kept_with_its_place() -> None:
    def read(item: Any) -> list[IncomingMessage]:
        return [IncomingMessage(item["id"], "t", item["text"])]

    asked: list[Any] = []
    harvest = read_each([{"id": "1", "text": "x"}, {"id": "2"}], read, lambda item: asked.append(item) or {"room": "r"})
    assert (len(harvest.messages), asked) == (1, [{"id": "2"}])
    assert (harvest.bad[0].external_id, json.loads(harvest.bad[0].raw)) == (
        "2",
        {"item": {"id": "2"}, "place": {"room": "r"}},
    )


@pytest.mark.parametrize("raw", ['{"id": "2"}', '{"item": {}, "place": []}', '{"item": {}}', "3"])
def test_what_an_older_version_kept_without_its_place_says_where_it_is_found(raw: str) -> None:
    batch = read_in_place(raw, lambda item, place: [IncomingMessage("1", "t", "x")])
    assert "from that day" in batch.bad[0].reason
    assert not batch.messages
