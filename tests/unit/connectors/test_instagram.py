"""Instagram beyond the contract: answers deep below, names without ids, its rules for comments, and unsent messages."""

import copy
import json
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Act, ActName, Batch, NeedsPerson, OutgoingReply, Refused
from tests.contract.stage_instagram import OURS, InstagramDirectStage, InstagramStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> InstagramStage:
    return InstagramStage(monkeypatch)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> InstagramDirectStage:
    return InstagramDirectStage(monkeypatch)


def messages(batches: list[Batch]) -> dict[str, Any]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def answer(item: Any, name: str, text: str, at: str) -> Any:
    person = {"username": "ida", "from": {"id": "2709", "username": "ida"}, "timestamp": at}
    return {"id": name, "text": text, "parent_id": item["id"], **person}


def test_an_answer_to_an_old_comment_is_found_although_it_lies_deep_below(stage: InstagramStage) -> None:
    cursor = stage.brought()[-1].cursor
    last = copy.deepcopy(stage.items[-1])
    last["replies"] = {"data": [answer(last, "1790000000000777", "Das suche ich auch", "2026-11-20T13:00:00+0000")]}
    # The number of comments tells of it; the suite's other item stands for what was counted meanwhile.
    stage.items = [stage.named(stage.items[0], "1790000000000888"), *stage.items[:-1], last]
    found = messages(stage.brought(cursor))
    assert set(found) == {"1790000000000777", "1790000000000888"}
    assert found["1790000000000777"].thread_id == last["id"]


def test_more_answers_than_are_shown_are_asked_for(stage: InstagramStage) -> None:
    last = copy.deepcopy(stage.items[-1])
    last["replies"] = {"data": [], "paging": {"next": "https://graph.facebook.com/next"}}
    stage.items[-1] = last
    stage.answers = [answer(last, "1790000000000777", "Hier steht's", "2026-11-20T13:00:00+0000")]
    assert "1790000000000777" in messages(stage.brought())


def test_whoever_has_no_id_is_known_by_name(stage: InstagramStage) -> None:
    stage.items[0] = {name: value for name, value in stage.items[0].items() if name != "from"}
    author = messages(stage.brought())[stage.items[0]["id"]].author
    assert (author.external_id, author.handle) == ("name:lena.gaertnert", "lena.gaertnert")


def test_our_own_answer_is_ours_and_names_whom_a_further_answer_is_for(stage: InstagramStage) -> None:
    ours = messages(stage.brought())["1790000000000993"]
    assert ours.author.is_us
    last = copy.deepcopy(stage.items[-1])
    last["replies"] = {"data": [answer(last, "1790000000000777", "Ich auch", "2026-11-20T13:00:00+0000")]}
    stage.items[-1] = last
    message = messages(stage.brought())["1790000000000777"]
    stage.connector().send(stage.reply_to(message, "Unter Menü."))
    assert json.loads(stage.requests[-1].content) == {"message": "@ida Unter Menü."}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 301, "300"),
        ("#a #b #c #d #e", "hashtags"),
        ("https://a.example https://b.example", "address"),
        ("  ", "300"),
    ],
)
def test_what_instagram_takes_for_advertising_is_told_before_it_leaves(
    stage: InstagramStage, text: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        stage.connector().validate(OutgoingReply("k", text, "t", "p", {"thread_id": "1"}))


def test_a_private_answer_is_counted_in_bytes(direct: InstagramDirectStage) -> None:
    handle = {"person_id": "2711", "said_at": "2026-11-20T12:00:00+00:00"}
    direct.connector().validate(OutgoingReply("k", "ü" * 500, "t", "p", handle))
    with pytest.raises(Refused, match="1002"):
        direct.connector().validate(OutgoingReply("k", "ü" * 501, "t", "p", handle))


def test_an_unsent_message_is_a_deletion(direct: InstagramDirectStage) -> None:
    unsent = direct._said(direct.items[0])
    unsent["message"] = {"mid": "aWdfx6", "is_deleted": True}
    batch = direct.connector().receive(*direct.signed([{"id": OURS, "messaging": [unsent]}], forged=False))
    assert [gone.external_id for gone in batch.deletions] == ["aWdfx6"]
    assert batch.fetched == 1


def test_mentions_elsewhere_are_counted_and_left_out(stage: InstagramStage) -> None:
    change = {"field": "mentions", "value": {"media_id": "1", "comment_id": "2"}}
    batch = stage.connector().receive(*stage.signed([{"id": OURS, "changes": [change]}], forged=False))
    assert (batch.filtered, batch.fetched) == (1, 1)


def test_blocking_is_for_private_messages_and_hiding_for_comments(stage: InstagramStage) -> None:
    stage.only = frozenset(ActName)
    with pytest.raises(Refused, match="Blocking"):
        stage.connector().act(Act("k", ActName.BLOCK, "m", "2705", {"comment_id": "1790000000000902"}))
    with pytest.raises(Refused, match="Hiding"):
        stage.connector().act(Act("k", ActName.HIDE, "m", "2711", {"person_id": "2711"}))
    assert not stage.requests


def test_a_page_without_an_account_needs_a_person(stage: InstagramStage) -> None:
    stage.upset = lambda _request: httpx.Response(200, json={"id": "104200100200300"})
    stage.upset_where = lambda request: request.url.path.endswith("104200100200300")
    with pytest.raises(NeedsPerson, match="joined"):
        stage.connector().check()


def test_the_account_is_found_by_itself_when_it_is_not_remembered(stage: InstagramStage) -> None:
    stage.memory.save({})
    assert messages(stage.brought())
    assert stage.memory.load()["ig_id"] == OURS


@pytest.mark.parametrize(
    ("granted", "acts", "streams"),
    [
        (["instagram_manage_comments"], {ActName.HIDE, ActName.DELETE}, ["comments"]),
        (["instagram_manage_messages"], {ActName.BLOCK}, ["messages"]),
        ([], set(), ["comments"]),
    ],
)
def test_missing_rights_take_away_what_they_were_for(
    stage: InstagramStage, granted: list[str], acts: set[ActName], streams: list[str]
) -> None:
    stage.only = frozenset(ActName)
    stage.memory.save({"granted": granted})
    connector = stage.connector()
    said = connector.describe()
    assert (said.acts, said.replies) == (acts, bool(granted))
    assert all(said.because[act] for act in ActName if act not in acts)
    assert [stream.name for stream in connector.streams()] == streams
