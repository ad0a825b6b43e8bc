"""Discord: conversations out of threads and answers, nothing lost while threads sleep, and nobody called by an answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from inbox.clock import now
from inbox.connectors.contract import Act, ActName, IncomingMessage, Known, NeedsPerson, Refused
from inbox.connectors.discord import DiscordSetup
from inbox.connectors.discord_read import moment_of, snowflake
from tests.contract.stage_discord import API, CHANNEL, PICTURE, DiscordStage

THREAD = "70000000000000055"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> DiscordStage:
    return DiscordStage(monkeypatch)


def brought(stage: DiscordStage, cursor: Any = None, **settings: str) -> list[IncomingMessage]:
    connector = stage.connector()
    connector.settings = DiscordSetup(**{**stage.settings, **settings})
    return [m for batch in connector.poll("messages", cursor, None) for m in batch.messages]


def act(name: ActName, **changes: Any) -> Act:
    return replace(Act("k", name, "5", "81", {"channel_id": "70", "person_id": "81"}, "Spam, böse"), **changes)


def body_of(stage: DiscordStage) -> Any:
    return json.loads(stage.requests[-1].content)


def sleeping(stage: DiscordStage, closed_at: str) -> Callable[[httpx.Request], httpx.Response]:
    """A thread with one message that was closed at that moment."""
    last = {**stage.items[0], "id": str(int(stage.items[0]["id"]) + 1), "channel_id": THREAD}
    about = {"archive_timestamp": closed_at, "archived": True}
    thread = {"id": THREAD, "name": "Drucken", "last_message_id": last["id"], "thread_metadata": about}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/archived/public"):
            return httpx.Response(200, json={"threads": [thread], "members": [], "has_more": True})
        return httpx.Response(200, json=[last])

    stage.upset_where = lambda request: (
        request.url.path in {f"{CHANNEL}/threads/archived/public", f"{API}/channels/{THREAD}/messages"}
    )
    return answer


def test_ids_and_moments_are_one() -> None:
    at = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert moment_of(snowflake(at)) == at
    assert (moment_of("x"), moment_of("9" * 40)) == (None, None)


def test_an_answer_is_in_the_conversation_of_what_it_answers(stage: DiscordStage) -> None:
    messages = {m.external_id: m for m in brought(stage)}
    asked, answered = messages[stage.items[-1]["id"]], messages[stage.items[1]["id"]]
    assert answered.thread_id == asked.thread_id == asked.external_id
    assert (answered.parent_id, answered.quote) == (asked.external_id, "")


def test_an_answer_to_something_older_brings_it_as_a_quote(stage: DiscordStage) -> None:
    del stage.items[-1]
    answered = next(m for m in brought(stage) if m.parent_id)
    assert answered.quote == "@cem.c: Wo finde ich die Vertretungen?"


def test_names_and_emoji_are_words_and_files_have_addresses(stage: DiscordStage) -> None:
    messages = {m.external_id: m for m in brought(stage)}
    assert messages[stage.items[4]["id"]].text == "Thanks @kalender-hilfe, the new view is lovely"
    assert messages[stage.items[3]["id"]].text.endswith(":sad:")
    (file,) = messages[stage.items[2]["id"]].attachments
    assert (file.name, file.media_type, file.size_bytes) == ("plan.png", "image/png", 48211)


def test_a_picture_is_fetched_at_once_and_its_host_sees_no_token(stage: DiscordStage) -> None:
    (file,) = [file for m in brought(stage) for file in m.attachments]
    assert file.content == PICTURE
    (asked,) = [request for request in stage.requests if request.url.host == "cdn.discordapp.com"]
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/plan.png"},
        {"url": "https://cdn.discordapp.com.elsewhere.example/plan.png"},
        {"url": "http://cdn.discordapp.com/plan.png"},
        {"size": 6 * 1024 * 1024},
        {"content_type": "application/zip"},
    ],
)
def test_other_files_are_left_where_they_are(stage: DiscordStage, change: dict[str, Any]) -> None:
    picture = stage.items[2]["attachments"][0]
    stage.items[2] = {**stage.items[2], "attachments": [{**picture, **change}]}
    (file,) = [file for m in brought(stage) for file in m.attachments]
    assert file.content is None
    assert {request.url.host for request in stage.requests} == {"discord.com"}


def test_a_picture_that_cannot_be_had_keeps_its_address(stage: DiscordStage) -> None:
    stage.upset_where = lambda request: request.url.host == "cdn.discordapp.com"
    stage.upset = lambda _request: httpx.Response(404)
    (file,) = [file for m in brought(stage) for file in m.attachments]
    assert file.content is None
    assert file.url.startswith("https://cdn.discordapp.com/")


def test_a_program_is_automatic_unless_it_is_ours(stage: DiscordStage) -> None:
    author = stage.items[0]["author"]
    stage.items[0] = {**stage.items[0], "author": {**author, "bot": True}, "webhook_id": author["id"]}
    message = brought(stage)[-1]
    assert message.is_automatic
    assert message.reply_handle["person_id"] == ""
    stage.items[0] = {**stage.items[0], "author": {**author, "id": "90000000000000001", "bot": True}}
    message = brought(stage)[-1]
    assert message.author and message.author.is_us and not message.is_automatic


def test_two_calls_tell_that_nothing_is_new_even_if_the_last_message_was_deleted(stage: DiscordStage) -> None:
    cursor = stage.brought()[-1].cursor
    newest = str(int(stage.items[0]["id"]) + 9)
    stage.upset_where = lambda request: request.url.path == stage.poll_path
    channel = {"id": "70000000000000001", "type": 0, "name": "fragen", "last_message_id": newest}
    stage.upset = lambda _request: httpx.Response(200, json=[channel])
    cursor = stage.brought(cursor)[-1].cursor
    before = len(stage.requests)
    stage.brought(cursor)
    assert len(stage.requests) - before == 2


def test_a_thread_that_fell_asleep_while_we_were_away_is_read(stage: DiscordStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.upset = sleeping(stage, (now() + timedelta(hours=3)).isoformat())
    with stage.later(timedelta(days=30)):
        (message,) = brought(stage, cursor)
    assert (message.thread_id, message.subject) == (THREAD, "Drucken")


def test_a_thread_that_slept_before_is_left_alone(stage: DiscordStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.upset = sleeping(stage, (now() - timedelta(days=3)).isoformat())
    with stage.later(timedelta(days=30)):
        assert brought(stage, cursor) == []
    assert sum(request.url.path.endswith("/archived/public") for request in stage.requests) == 1


def test_sleeping_threads_are_not_looked_for_each_minute(stage: DiscordStage) -> None:
    stage.brought(stage.brought()[-1].cursor)
    assert not any("archived" in request.url.path for request in stage.requests)


def test_a_channel_that_is_closed_to_us_is_not_asked_again_that_day(stage: DiscordStage) -> None:
    stage.upset_where = lambda request: request.url.path == stage.send_path
    stage.upset = lambda _request: httpx.Response(403, json={"message": "Missing Access", "code": 50001})
    cursor = stage.brought()[-1].cursor
    stage.brought(cursor)
    assert sum(map(stage.upset_where, stage.requests)) == 1
    stage.upset = None
    with stage.later(timedelta(days=2)):
        assert len(brought(stage, cursor)) == len(stage.items)


def test_an_empty_list_is_a_right_that_was_taken_away_and_deletes_nothing(stage: DiscordStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.upset_where = lambda request: request.url.path == stage.send_path
    stage.upset = lambda _request: httpx.Response(200, json=[])
    with stage.later(timedelta(hours=2)):
        connector = stage.connector()
        assert [d for batch in connector.poll("messages", cursor, None) for d in batch.deletions] == []


def test_words_that_discord_holds_back_from_the_bot_take_nobodys_words_away(stage: DiscordStage) -> None:
    batches = stage.brought()
    known = [Known(m.external_id, m.thread_id, m.reply_handle) for batch in batches for m in batch.messages]
    stage.items = [
        {**item, "content": "", "attachments": [], "embeds": [], "edited_timestamp": now().isoformat()}
        for item in stage.items
    ]
    again = stage.connector().refetch(known)
    assert (again.messages, again.deletions) == ([], [])
    with stage.later(timedelta(hours=2)):
        assert brought(stage, batches[-1].cursor) == []


def test_only_the_chosen_channels_are_read(stage: DiscordStage) -> None:
    assert brought(stage, channels="123") == []
    assert len(brought(stage, channels="123, 70000000000000001")) == len(stage.items)


def test_an_answer_calls_nobody_but_its_author_and_drops_its_repeat(stage: DiscordStage) -> None:
    message = next(m for m in brought(stage) if m.external_id == stage.items[-1]["id"])
    stage.connector().send(stage.reply_to(message, "@everyone *los* <@81>"))
    body = body_of(stage)
    assert body["allowed_mentions"] == {"parse": [], "replied_user": True}
    assert body["content"] == r"@everyone \*los\* \<@81\>"
    assert body["enforce_nonce"] is True
    nonce = body["nonce"]
    stage.connector().send(stage.reply_to(message, "@everyone *los* <@81>"))
    assert body_of(stage)["nonce"] == nonce


def test_an_older_answer_with_the_same_words_is_not_ours_of_now(stage: DiscordStage) -> None:
    message = next(m for m in brought(stage) if m.external_id == stage.items[-1]["id"])
    reply = stage.reply_to(message)
    stage.connector().send(reply)
    assert stage.connector().find_sent(reply)
    assert stage.connector().find_sent(replace(reply, created_at=datetime(2026, 11, 21, 9, tzinfo=UTC))) is None
    assert stage.connector().find_sent(replace(reply, parent_id="123")) is None


def test_a_bot_that_may_not_read_messages_is_told_what_to_do(stage: DiscordStage) -> None:
    stage.upset_where = lambda request: request.url.path.endswith("/applications/@me")
    stage.upset = lambda _request: httpx.Response(200, json={"flags": 0})
    with pytest.raises(NeedsPerson, match="Message Content Intent"):
        stage.checked()
    assert "Message Content Intent" in stage.connector().describe().because["polls"]


def test_a_check_shows_the_latest_messages(stage: DiscordStage) -> None:
    account = stage.checked()
    assert account.name == "Kalender-Runde (kalender-hilfe)"
    assert [m.external_id for m in account.latest] == [item["id"] for item in stage.items[:3]]


def test_a_time_out_is_never_longer_than_discord_allows(stage: DiscordStage) -> None:
    stage.connector().act(act(ActName.MUTE, until=now() + timedelta(days=90)))
    until = datetime.fromisoformat(body_of(stage)["communication_disabled_until"])
    assert now() + timedelta(days=27) < until < now() + timedelta(days=28)
    assert stage.requests[-1].headers["X-Audit-Log-Reason"] == "Spam%2C%20b%C3%B6se"
    stage.connector().act(act(ActName.MUTE, undo=True))
    assert body_of(stage) == {"communication_disabled_until": None}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (ActName.BAN, {"until": datetime(2027, 1, 1, tzinfo=UTC)}),
        (ActName.BAN, {"handle": {"channel_id": "70", "person_id": ""}}),
        (ActName.DELETE, {"handle": {}}),
    ],
)
def test_what_would_hit_the_wrong_one_or_last_too_long_is_refused(
    stage: DiscordStage, name: ActName, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        stage.connector().act(act(name, **changes))
    assert not stage.requests


def test_what_somebody_else_did_is_done_but_nobody_is_muted_who_has_left(stage: DiscordStage) -> None:
    stage.upset_where = lambda _request: True
    stage.upset = lambda _request: httpx.Response(404, json={"message": "Unknown", "code": 10007})
    assert stage.connector().act(act(ActName.DELETE)).external_id == "5"
    with pytest.raises(Refused):
        stage.connector().act(act(ActName.MUTE))


def test_a_missing_right_concerns_this_act_only(stage: DiscordStage) -> None:
    stage.upset_where = lambda _request: True
    stage.upset = lambda _request: httpx.Response(403, json={"message": "Missing Permissions", "code": 50013})
    with pytest.raises(Refused, match="Missing Permissions"):
        stage.connector().act(act(ActName.BAN))
