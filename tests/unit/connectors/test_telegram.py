"""Telegram: conversations out of chains of answers, a queue that forgets, and acts that must not hit the wrong one."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from inbox.clock import now
from inbox.connectors.contract import Act, ActName, IncomingMessage, NeedsPerson, Passing, Refused, Visibility
from inbox.connectors.telegram import TelegramSetup
from inbox.connectors.telegram_acts import EVERYTHING
from inbox.connectors.telegram_read import with_addresses
from tests.contract.stage_telegram import PHOTO, TelegramStage

GROUP = {"id": -5550, "title": "Kleine Runde", "type": "group"}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> TelegramStage:
    return TelegramStage(monkeypatch)


def brought(stage: TelegramStage) -> dict[str, IncomingMessage]:
    return {m.external_id: m for batch in stage.brought() for m in batch.messages}


def said(number: int, text: str = "Hallo", **more: Any) -> dict[str, Any]:
    person = {"id": 5550001, "is_bot": False, "first_name": "Ana"}
    return {"message_id": number, "from": person, "chat": GROUP, "date": 1_795_170_000 + number, "text": text, **more}


def body_of(stage: TelegramStage) -> dict[str, Any]:
    return dict(json.loads(stage.requests[-1].content))


def act(stage: TelegramStage, name: ActName, *, undo: bool = False, **changes: Any) -> dict[str, Any]:
    """What is sent for an act on Ana's first message."""
    handle = {"chat_id": -100, "message_id": 5, "person_id": 7, "sender_chat_id": None, "is_private": False}
    until = changes.pop("until", None)
    stage.connector().act(Act("k", name, "-100:5", "7", {**handle, **changes}, undo=undo, until=until))
    return {"method": stage.requests[-1].url.path.rpartition("/")[2], **body_of(stage)}


def answering(status: int, **body: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(status, json={"ok": False, "error_code": status, **body})


def test_a_page_is_confirmed_only_when_the_next_one_is_asked_for(stage: TelegramStage) -> None:
    stage.pages = [stage.items[:2], stage.items[2:4], stage.items[4:]]
    walk = stage.connector().poll("updates", None, None)
    next(walk)
    assert stage.confirmed == 0
    next(walk)
    assert stage.confirmed == 702


def test_a_check_confirms_nothing_and_shows_the_latest(stage: TelegramStage) -> None:
    account = stage.checked()
    assert account.name == "@kalender_hilfe_bot"
    assert [m.external_id for m in account.latest] == [stage.name_of(item) for item in stage.items[:3]]
    assert stage.confirmed == 0
    assert len(brought(stage)) == len(stage.items)


def test_a_webhook_elsewhere_is_told(stage: TelegramStage) -> None:
    told = {"ok": True, "result": {"url": "https://other.example/hook", "pending_update_count": 0}}
    stage.upset_where = lambda request: request.url.path.endswith("getWebhookInfo")
    stage.upset = lambda _request: httpx.Response(200, json=told)
    with pytest.raises(NeedsPerson, match="webhook"):
        stage.checked()


def test_a_bot_that_is_unknown_needs_a_person(stage: TelegramStage) -> None:
    stage.upset = answering(404, description="Not Found")
    with pytest.raises(NeedsPerson, match="BotFather"):
        stage.brought()


def test_another_program_that_reads_too_is_waited_for_and_told_of(stage: TelegramStage) -> None:
    stage.upset = answering(409, description="Conflict: terminated by other getUpdates request")
    with pytest.raises(Passing, match="Another program reads") as caught:
        stage.brought()
    assert caught.value.retry_after
    stage.upset = None
    assert len(brought(stage)) == len(stage.items)


def test_a_webhook_that_was_set_meanwhile_needs_a_person(stage: TelegramStage) -> None:
    stage.webhook = "https://other.example/hook/123:secret"
    stage.upset = answering(409, description="Conflict: can't use getUpdates method while webhook is active")
    with pytest.raises(NeedsPerson, match=r"^other\.example receives") as caught:
        stage.brought()
    assert "secret" not in str(caught.value)


def test_what_a_channel_polls_is_not_looked_at_by_a_check(stage: TelegramStage) -> None:
    connector = stage.connector()
    connector.surroundings = replace(connector.surroundings, is_polled=True)
    assert connector.check().name == "@kalender_hilfe_bot"
    assert not [request for request in stage.requests if stage.is_poll(request)]


def test_a_bot_that_hears_little_says_so(stage: TelegramStage) -> None:
    stage.memory.save({"hears_all": False})
    assert "privacy" in stage.connector().describe().because["polls"]
    stage.memory.save({})
    assert "polls" not in stage.connector().describe().because


def test_comments_below_a_channels_post_are_one_conversation_and_the_post_is_ours(stage: TelegramStage) -> None:
    stage.items.append(stage.items[1]["reply_to_message"])
    messages = brought(stage)
    post = messages["-1002200110033:900"]
    comments = [m for m in messages.values() if m.parent_id == post.external_id]
    assert post.author and post.author.is_us
    assert len(comments) == 3
    assert {m.thread_id for m in (post, *comments)} == {post.external_id}


def test_a_private_chat_is_one_conversation_and_direct(stage: TelegramStage) -> None:
    message = brought(stage)["5550003:77"]
    assert (message.thread_id, message.visibility, message.url) == ("5550003", Visibility.DIRECT, "")


def test_in_a_small_group_the_chain_of_answers_is_the_conversation(stage: TelegramStage) -> None:
    first = said(1)
    second = said(2, reply_to_message=first)
    stage.items = [said(4), said(3, reply_to_message=second), second, first]
    threads = {name: m.thread_id for name, m in brought(stage).items()}
    assert threads == {"-5550:1": "-5550:1", "-5550:2": "-5550:1", "-5550:3": "-5550:1", "-5550:4": "-5550:4"}


def test_the_chain_goes_on_in_a_later_poll(stage: TelegramStage) -> None:
    first = said(1)
    second = said(2, reply_to_message=first)
    stage.items = [second, first]
    cursor = stage.brought()[-1].cursor
    stage.items.insert(0, said(3, reply_to_message=second))
    assert [m.thread_id for b in stage.brought(cursor) for m in b.messages] == ["-5550:1"]


def test_what_only_happened_is_counted_and_left_out(stage: TelegramStage) -> None:
    stage.items = [said(2, text="", new_chat_members=[{"id": 1, "is_bot": False, "first_name": "Bo"}]), said(1)]
    (batch,) = stage.brought()
    assert (len(batch.messages), batch.filtered) == (1, 1)


def test_a_photo_is_fetched_at_once_because_its_address_holds_the_token(stage: TelegramStage) -> None:
    message = brought(stage)["-1002200110033:920"]
    (photo,) = message.attachments
    assert (photo.name, photo.media_type, photo.content, photo.url) == ("photo", "image/jpeg", PHOTO, "")
    assert "AAE-abc_def" not in repr(message)
    (asked,) = [json.loads(r.content)["file_id"] for r in stage.requests if r.url.path.endswith("getFile")]
    assert asked == "AgACAgIAAx0Cc2"


@pytest.mark.parametrize(
    "path", ["", "/var/lib/telegram/file_7.jpg", "../../bot1/getMe", "photos/../x", "a b", "x?y=1"]
)
def test_a_path_that_leads_elsewhere_is_not_followed(stage: TelegramStage, path: str) -> None:
    stage.upset_where = lambda request: request.url.path.endswith("getFile")
    stage.upset = lambda _request: httpx.Response(200, json={"ok": True, "result": {"file_path": path}})
    (photo,) = brought(stage)["-1002200110033:920"].attachments
    assert photo.content is None
    assert not [request for request in stage.requests if request.url.path.startswith("/file")]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_photo_that_cannot_be_had_keeps_no_words_waiting(stage: TelegramStage, status: int) -> None:
    stage.upset_where = lambda request: request.url.path.startswith("/file")
    stage.upset = answering(status, description="Bad Request: file is too big")
    message = brought(stage)["-1002200110033:920"]
    assert message.text == "So sieht es bei mir aus"
    assert message.attachments[0].content is None


def test_many_photos_do_not_keep_the_queue_waiting(stage: TelegramStage) -> None:
    photo = next(item for item in stage.items if "photo" in item)
    stage.items = [{**photo, "message_id": 3_000 + number} for number in range(30)]
    messages = brought(stage)
    assert len(messages) == 30
    assert sum(m.attachments[0].content is not None for m in messages.values()) == 20


@pytest.mark.parametrize(
    ("text", "offset", "length", "expected"),
    [
        ("Siehe Hilfe.", 6, 5, "Siehe Hilfe (https://a.example/)."),
        ("👍🏽 Siehe Hilfe.", 11, 5, "👍🏽 Siehe Hilfe (https://a.example/)."),
        ("kurz", 2, 500, "kurz"),
        ("kurz", -9, 2, "kurz"),
        ("\ud83d x", 2, 1, "\ufffd x (https://a.example/)"),
    ],
)
def test_an_address_behind_words_is_shown(text: str, offset: int, length: int, expected: str) -> None:
    link = {"type": "text_link", "offset": offset, "length": length, "url": "https://a.example/"}
    assert with_addresses(text, [link, {"type": "bold", "offset": 0, "length": 1}, {"type": "text_link"}]) == expected


def test_an_answer_stands_below_its_message_and_in_its_topic(stage: TelegramStage) -> None:
    stage.items = [said(1, message_thread_id=44, is_topic_message=True)]
    (message,) = brought(stage).values()
    receipt = stage.connector().send(stage.reply_to(message, "*Danke* <b>sehr</b>"))
    body = body_of(stage)
    assert body["message_thread_id"] == 44
    assert body["reply_parameters"] == {"message_id": 1, "allow_sending_without_reply": True}
    assert body["text"] == "*Danke* <b>sehr</b>"
    assert "parse_mode" not in body
    assert receipt.url == "https://t.me/kalenderrunde/930"


def test_a_group_that_has_grown_is_answered_under_its_new_number(stage: TelegramStage) -> None:
    stage.items = [said(1)]
    (message,) = brought(stage).values()

    def grown(request: httpx.Request) -> httpx.Response:
        stage.upset = None
        return answering(400, description="Bad Request: upgraded", parameters={"migrate_to_chat_id": -1007})(request)

    stage.upset, stage.upset_where = grown, stage.is_send
    assert stage.connector().send(stage.reply_to(message)).external_id
    assert body_of(stage)["chat_id"] == -1007


def test_somebody_who_blocked_the_bot_is_told_as_that(stage: TelegramStage) -> None:
    message = brought(stage)["5550003:77"]
    stage.upset, stage.upset_where = answering(403, description="Forbidden: bot was blocked by the user"), stage.is_send
    with pytest.raises(Refused, match="blocked"):
        stage.connector().send(stage.reply_to(message))


def test_a_mute_takes_writing_and_its_undo_gives_everything_back(stage: TelegramStage) -> None:
    done = act(stage, ActName.MUTE)
    assert done["method"] == "restrictChatMember"
    assert done["user_id"] == 7 and "can_send_messages" in done["permissions"]
    assert not any(done["permissions"].values())
    assert act(stage, ActName.MUTE, undo=True)["permissions"] == dict.fromkeys(EVERYTHING, True)


def test_an_end_that_is_too_close_is_not_for_ever(stage: TelegramStage) -> None:
    soon = act(stage, ActName.BAN, until=now() + timedelta(seconds=5))
    assert soon["until_date"] >= int(now().timestamp()) + 30
    assert "until_date" not in act(stage, ActName.BAN)


def test_lifting_a_ban_throws_nobody_out(stage: TelegramStage) -> None:
    assert act(stage, ActName.BAN, undo=True)["only_if_banned"] is True


def test_whoever_writes_as_a_channel_is_banned_as_that_channel(stage: TelegramStage) -> None:
    done = act(stage, ActName.BAN, sender_chat_id=-200)
    assert (done["method"], done["sender_chat_id"], done.get("user_id")) == ("banChatSenderChat", -200, None)
    assert act(stage, ActName.BAN, undo=True, sender_chat_id=-200)["method"] == "unbanChatSenderChat"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (ActName.MUTE, {"sender_chat_id": -200}),
        (ActName.BAN, {"sender_chat_id": -100}),
        (ActName.BAN, {"is_private": True}),
        (ActName.BAN, {"person_id": None}),
        (ActName.DELETE, {"message_id": None}),
    ],
)
def test_an_act_that_would_hit_the_wrong_one_is_refused_here(
    stage: TelegramStage, name: ActName, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        act(stage, name, **changes)
    assert not stage.requests


def test_a_message_that_somebody_else_deleted_is_deleted(stage: TelegramStage) -> None:
    stage.upset_where = lambda _request: True
    stage.upset = answering(400, description="Bad Request: message to delete not found")
    assert act(stage, ActName.DELETE)["method"] == "deleteMessage"
    stage.upset = answering(400, description="Bad Request: message can't be deleted for everyone")
    with pytest.raises(Refused, match="can't be deleted"):
        act(stage, ActName.DELETE)


@pytest.mark.parametrize("token", ["", "123456", "abc:def", "123456:", "123456:a b", "123456:a/../b", "1234:ä"])
def test_what_is_no_token_is_not_taken(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        TelegramSetup(token=token)
