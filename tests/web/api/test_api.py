"""What programs can do: read everything, answer, correct, promote; and what they are told when they may not."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from inbox.channels.models import LedgerDay
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from inbox.labels.models import Correction, Label, Tag
from inbox.outbox.models import Delivery, DeliveryState
from inbox.teams.models import ApiToken, Teammate
from inbox.teams.tokens import create_token, revoke_token
from tests.making import hear_from_outside, make_channel, make_conversation

Ask = Callable[..., Any]


@pytest.fixture
def thread(house_database: Database) -> Conversation:
    with house_database.writing() as session:
        return make_conversation(session, make_channel(session), ("Can it fly?", "It should fly. Please."))


def ids_of(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Message.id).order_by(Message.id)))


def test_without_a_token_nothing_is_told(api: Flask, thread: Conversation) -> None:
    for path in ("/channels", "/conversations", f"/conversations/{thread.id}", "/messages", "/ideas"):
        for headers in (
            {},
            {"Authorization": "Bearer trl_wrong"},
            {"Authorization": "Basic x"},
            {"Authorization": "ü"},
        ):
            answer = api.test_client().get(f"/api/v1{path}", headers=headers)
            assert answer.status_code == 401
            assert answer.mimetype == "application/problem+json"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_opens_nothing(api: Flask, house_database: Database) -> None:
    with house_database.writing() as session:
        token, plain = create_token(session, "old", "admin")  # type: ignore[arg-type]
        revoke_token(session, token)
    assert api.test_client().get("/api/v1/ideas", headers={"Authorization": f"Bearer {plain}"}).status_code == 401


def test_a_role_limits_what_a_token_may(program: Callable[..., Ask], thread: Conversation) -> None:
    reader, product = program("reader"), program("product")
    assert reader("GET", "/conversations").status_code == 200
    refused = reader("POST", f"/conversations/{thread.id}/replies", json={"text": "Hi", "seen_version": 2})
    assert refused.status_code == 403
    assert "conversations:reply" in refused.json["detail"]
    assert product("POST", f"/conversations/{thread.id}/replies", json={}).status_code == 403


def test_a_token_remembers_when_it_was_used(program: Callable[..., Ask], house_database: Database) -> None:
    program("reader")("GET", "/ideas")
    with house_database.reading() as session:
        assert session.scalar(sa.select(ApiToken.last_used_at)) is not None


def test_conversations_are_listed_page_by_page(program: Callable[..., Ask], house_database: Database) -> None:
    with house_database.writing() as session:
        channel = make_channel(session)
        made = [make_conversation(session, channel, ("Hi",), tag="idea" if n % 2 else "").id for n in range(5)]
    ask, found, after = program(), [], ""
    while True:
        answer = ask("GET", f"/conversations?limit=2{after}").json
        found += [row["id"] for row in answer["items"]]
        if answer["next"] is None:
            break
        after = f"&after={answer['next']}"
    assert sorted(found) == sorted(made)
    assert len(ask("GET", "/conversations?view=to_answer&tag=idea").json["items"]) == 2
    assert ask("GET", "/conversations?channel_id=999").json == {"items": [], "next": None}


def test_a_conversation_is_read_with_its_messages(program: Callable[..., Ask], thread: Conversation) -> None:
    read = program()("GET", f"/conversations/{thread.id}").json
    assert read["version"] == 2
    assert [message["text"] for message in read["messages"]] == ["Can it fly?", "It should fly. Please."]
    assert read["messages"][0]["author"]["name"] == "Mia"
    assert read["messages"][0]["posted_at"].endswith("+00:00")


def test_an_answer_goes_to_the_outbox_in_the_tokens_name(
    program: Callable[..., Ask], thread: Conversation, house_database: Database
) -> None:
    ask = program("manager")
    sent = ask("POST", f"/conversations/{thread.id}/replies", json={"text": "Not yet.", "seen_version": 2})
    assert sent.status_code == 201
    assert sent.json["direction"] == "out"
    assert sent.json["delivery"]["state"] == DeliveryState.QUEUED
    with house_database.reading() as session:
        teammate = session.get_one(Teammate, sent.json["teammate_id"])
        assert (teammate.name, teammate.is_active) == ("manager program", False)
    again = ask("POST", f"/conversations/{thread.id}/replies", json={"text": "Not yet.", "seen_version": 3})
    assert again.json["teammate_id"] == sent.json["teammate_id"]


def test_an_answer_past_somebody_else_is_a_conflict(
    program: Callable[..., Ask], thread: Conversation, house_database: Database
) -> None:
    with house_database.writing() as session:
        newer = hear_from_outside(session, session.get_one(Conversation, thread.id), "Never mind.")
    refused = program()("POST", f"/conversations/{thread.id}/replies", json={"text": "Yes.", "seen_version": 2})
    assert refused.status_code == 409
    assert (refused.json["version"], refused.json["newer"]) == (3, [newer.id])
    with house_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "Hi"},
        {"text": "Hi", "seen_version": True},
        {"text": "Hi", "seen_version": "2"},
        {"text": "Hi", "seen_version": -1},
        {"text": "Hi", "seen_version": 2, "surprise": 1},
        {"text": "\x00", "seen_version": 2},
        {"text": " ", "seen_version": 2},
        {"text": "x" * 100_001, "seen_version": 2},
        {"text": "Hi", "seen_version": 2, "message_id": 999},
        {"text": ["Hi"], "seen_version": 2},
        [],
        "Hi",
    ],
)
def test_a_bad_answer_is_refused_with_the_reason(
    program: Callable[..., Ask], thread: Conversation, house_database: Database, body: Any
) -> None:
    refused = program()("POST", f"/conversations/{thread.id}/replies", json=body)
    assert refused.status_code == 422
    assert refused.json["detail"]
    with house_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


def test_messages_are_listed_in_the_order_they_came(
    program: Callable[..., Ask], thread: Conversation, house_database: Database
) -> None:
    first, second = ids_of(house_database)
    ask = program()
    page = ask("GET", "/messages?limit=1").json
    assert ([row["id"] for row in page["items"]], page["next"]) == ([first], str(first))
    assert [row["id"] for row in ask("GET", f"/messages?after={first}").json["items"]] == [second]
    assert ask("GET", "/messages?since=2099-01-01T00:00:00Z").json["items"] == []
    assert ask("GET", "/messages?direction=out").json["items"] == []
    assert len(ask("GET", f"/messages?conversation_id={thread.id}").json["items"]) == 2


def test_a_correction_changes_message_and_conversation(
    program: Callable[..., Ask], thread: Conversation, house_database: Database
) -> None:
    newest = ids_of(house_database)[-1]
    with house_database.writing() as session:
        session.add(Label(message_id=newest, primary=Tag.QUESTION, tags="question", question=0.8))
    ask = program("product")
    corrected = ask("POST", f"/messages/{newest}/corrections", json={"tags": ["idea", "complaint"]})
    assert corrected.status_code == 200
    assert (corrected.json["label"]["primary"], corrected.json["label"]["tags"]) == ("idea", ["idea", "complaint"])
    assert corrected.json["label"]["is_corrected"]
    ask("POST", f"/messages/{newest}/corrections", json={"tags": ["idea", "complaint"]})
    with house_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Correction)) == 1
        assert session.get_one(Conversation, thread.id).tag == "idea"
    assert ask("POST", f"/messages/{newest}/corrections", json={"tags": ["unsure"]}).status_code == 422
    assert ask("POST", "/messages/999/corrections", json={"tags": []}).status_code == 404


def test_a_sentence_is_promoted_once_and_found_again(
    program: Callable[..., Ask], thread: Conversation, house_database: Database
) -> None:
    newest = ids_of(house_database)[-1]
    ask, body = program("product"), {"start": 0, "end": 14, "title": "Flying"}
    made = ask("POST", f"/messages/{newest}/evidence", json=body)
    assert made.status_code == 201
    assert made.json["quote"] == "It should fly."
    assert ask("POST", f"/messages/{newest}/evidence", json=body).json["id"] == made.json["id"]
    idea = ask("GET", f"/ideas/{made.json['idea_id']}").json
    assert (idea["title"], idea["people"], [quote["words"] for quote in idea["quotes"]]) == (
        "Flying",
        1,
        ["It should fly."],
    )
    assert [row["id"] for row in ask("GET", "/ideas?state=new&q=fly").json["items"]] == [idea["id"]]
    other = ask("POST", f"/messages/{newest}/evidence", json={"start": 15, "end": 22, "idea_id": idea["id"]})
    assert other.json["idea_id"] == idea["id"]
    assert ask("POST", f"/messages/{newest}/evidence", json={"idea_id": 999}).status_code == 422


def test_channels_tell_their_ledger_and_no_secrets(program: Callable[..., Ask], house_database: Database) -> None:
    with house_database.writing() as session:
        channel = make_channel(session, name="Forum", settings={"host": "intern.example"}, sealed="1.abc")
        session.add(LedgerDay(channel_id=channel.id, day=date(2026, 11, 20), fetched=3, stored=2, duplicate=1))
    ask = program("reader")
    [listed] = ask("GET", "/channels").json["items"]
    assert listed == ask("GET", f"/channels/{channel.id}").json
    assert listed["name"] == "Forum"
    assert not {"settings", "sealed", "memory"} & listed.keys()
    [day] = ask("GET", f"/channels/{channel.id}/ledger").json["items"]
    assert (day["day"], day["fetched"], day["stored"], day["duplicate"]) == ("2026-11-20", 3, 2, 1)


@pytest.mark.parametrize(
    "path", ["/channels/9", "/channels/9/ledger", "/conversations/9", "/messages/9", "/ideas/9", "/x"]
)
def test_what_is_not_there_is_a_problem(program: Callable[..., Ask], path: str) -> None:
    for number in ("9", str(2**80), "0"):
        answer = program()("GET", path.replace("9", number))
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=٣",
        "after=-1",
        "after=%00",
        "view=none",
        "channel_id=x",
        "tag=joy",
        "q=%00",
    ],
)
def test_a_bad_query_is_refused(program: Callable[..., Ask], query: str) -> None:
    answer = program()("GET", f"/conversations?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"]["query"]


def test_another_method_is_told_the_right_ones(program: Callable[..., Ask]) -> None:
    answer = program()("DELETE", "/ideas")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.mimetype == "application/problem+json"


def test_a_fault_of_ours_tells_a_reference_and_nothing_else(
    program: Callable[..., Ask], api: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.api import ideas

    def broken(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(ideas, "browse", broken)
    answer = program()("GET", "/ideas")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text


def test_the_description_is_open_and_complete(api: Flask) -> None:
    answer = api.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"
    assert {path.removeprefix("/api/v1") for path in answer.json["paths"]} == {
        "/channels",
        "/channels/{channel_id}",
        "/channels/{channel_id}/ledger",
        "/conversations",
        "/conversations/{conversation_id}",
        "/conversations/{conversation_id}/replies",
        "/ideas",
        "/ideas/{idea_id}",
        "/messages",
        "/messages/{message_id}",
        "/messages/{message_id}/corrections",
        "/messages/{message_id}/evidence",
    }
    for path, operations in answer.json["paths"].items():
        for method, operation in operations.items():
            if method in {"get", "post"}:
                assert operation["summary"], path
                assert "401" in operation["responses"], path


def test_readiness_names_what_is_missing(api: Flask) -> None:
    client = api.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["parts"]["database"] is True
    assert answer.json["parts"]["valkey"] is False
    assert answer.json["parts"]["worker"] is False
