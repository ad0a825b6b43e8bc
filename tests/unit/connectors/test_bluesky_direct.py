"""Direct messages on Bluesky: only where they are wanted and allowed, answered where they were said, and never named aloud."""

import json
from dataclasses import replace

import httpx
import pytest

from inbox.connectors.bluesky import Bluesky, BlueskySetup
from inbox.connectors.contract import (
    Act,
    ActName,
    IncomingMessage,
    NeedsPerson,
    Passing,
    Refused,
    Surroundings,
    Visibility,
)
from tests.contract.stage_bluesky import OUR_DID
from tests.contract.stage_bluesky_direct import CHAT, BlueskyDirectStage

CONVO = "3mconvo22222aa"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> BlueskyDirectStage:
    return BlueskyDirectStage(monkeypatch)


def brought(stage: BlueskyDirectStage) -> list[IncomingMessage]:
    return [message for batch in stage.brought() for message in batch.messages]


def asked(stage: BlueskyDirectStage, method: str) -> list[httpx.Request]:
    return [request for request in stage.requests if request.url.path == f"{CHAT}{method}"]


def test_a_conversation_is_a_conversation_and_nobody_else_reads_it(stage: BlueskyDirectStage) -> None:
    messages = brought(stage)
    assert {(m.thread_id, m.visibility) for m in messages} == {(CONVO, Visibility.DIRECT)}
    assert {m.author.handle for m in messages if m.author} == {"ana.example"}


def test_what_we_said_there_is_ours(stage: BlueskyDirectStage) -> None:
    stage.items[0]["sender"] = {"did": OUR_DID}
    (ours,) = (m for m in brought(stage) if m.author and m.author.is_us)
    assert ours.external_id == stage.name_of(stage.items[0])


def test_an_answer_is_tied_to_what_it_answers(stage: BlueskyDirectStage) -> None:
    stage.items[0]["replyTo"] = dict(stage.items[2])
    assert {m.external_id: m.parent_id for m in brought(stage)}[f"{CONVO}/3mdm55555555"] == f"{CONVO}/3mdm33333333"


def test_who_has_left_keeps_an_id(stage: BlueskyDirectStage) -> None:
    stage.items[0]["sender"] = {"did": "did:plc:gonegonegonegonegonegone"}
    authors = {m.author.handle for m in brought(stage) if m.author}
    assert "did:plc:gonegonegonegonegonegone" in authors


def test_what_the_server_says_itself_is_no_message(stage: BlueskyDirectStage) -> None:
    stage.items[0] = {**stage.items[0], "$type": "chat.bsky.convo.defs#systemMessageView", "data": {}}
    batches = stage.brought()
    assert sum(batch.filtered for batch in batches) == 1


def test_conversations_in_which_nothing_happened_are_not_asked_for(stage: BlueskyDirectStage) -> None:
    cursor = stage.brought()[-1].cursor
    before = len(asked(stage, "getMessages"))
    stage.brought(cursor)
    assert len(asked(stage, "getMessages")) == before


def test_an_answer_goes_into_the_conversation_as_it_was_typed(stage: BlueskyDirectStage) -> None:
    reply = stage.reply_to(brought(stage)[0], "Siehe https://brand.example/plan")
    stage.connector().send(reply)
    body = json.loads(asked(stage, "sendMessage")[0].content)
    assert (body["convoId"], body["message"]["text"]) == (CONVO, reply.text)
    assert body["message"]["facets"][0]["features"][0]["uri"] == "https://brand.example/plan"
    assert not [request for request in stage.requests if request.url.path.endswith("createRecord")]


def test_the_same_words_said_before_are_not_our_answer(stage: BlueskyDirectStage) -> None:
    reply = stage.reply_to(brought(stage)[0])
    stage.items[0] |= {"text": reply.text, "sender": {"did": OUR_DID}}
    assert stage.connector().find_sent(reply) is None


def test_it_is_not_claimed_that_nothing_arrived_where_nobody_looked(stage: BlueskyDirectStage) -> None:
    reply = replace(stage.reply_to(brought(stage)[0]), created_at=None)
    stage.upset_where = stage.is_poll
    stage.upset = lambda request: httpx.Response(
        200, json={"messages": stage.items, "cursor": f"{request.url.params.get('cursor', '')}x"}
    )
    with pytest.raises(Passing, match="Too much"):
        stage.connector().find_sent(reply)


@pytest.mark.parametrize("name", [ActName.HIDE, ActName.REPORT])
def test_what_only_posts_can_take_is_refused(stage: BlueskyDirectStage, name: ActName) -> None:
    with pytest.raises(Refused, match="Direct messages"):
        stage.connector().act(Act("k", name, f"{CONVO}/1", "did:plc:x", {"convo_id": CONVO, "did": "did:plc:x"}))


def test_an_app_password_without_them_is_told_at_once(stage: BlueskyDirectStage) -> None:
    stage.upset_where = lambda request: request.url.path == f"{CHAT}listConvos"
    stage.upset = lambda _r: httpx.Response(401, json={"error": "InvalidToken", "message": "Bad token method"})
    with pytest.raises(NeedsPerson, match="direct messages"):
        stage.connector().check()


def test_they_are_read_only_where_somebody_wants_that(stage: BlueskyDirectStage) -> None:
    settings = BlueskySetup(**{**stage.settings, "direct": False})
    names = [spec.name for spec in Bluesky(settings, Surroundings(stage.memory)).streams()]
    assert names == ["notifications", "threads"]
