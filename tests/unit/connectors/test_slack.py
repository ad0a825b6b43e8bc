"""Slack: threads that history does not show, what was delivered, refusals that come as successes, and plain words as they are."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import (
    Account,
    ActName,
    Batch,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
)
from inbox.connectors.slack import Slack, SlackSetup
from inbox.connectors.slack_read import marked, plain
from tests.contract.stage import recording
from tests.contract.stage_slack import CHANNEL, TEAM, SlackStage

OTHER = "C02SECRET1"
METHODS = "/api/"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> SlackStage:
    return SlackStage(monkeypatch)


def below(stage: SlackStage, text: str, seconds: int, **more: Any) -> None:
    """Somebody answers the oldest message, so many seconds after the newest."""
    newest, root = float(stage.items[0]["ts"]), stage.items[-1]["ts"]
    said = {**stage.items[0], "ts": f"{newest + seconds:.6f}", "text": text, "thread_ts": root, **more}
    stage.answers.append(said)


def configured(stage: SlackStage, **settings: str) -> Slack:
    connector = stage.connector()
    connector.settings = SlackSetup(**{**stage.settings, **settings})
    assert isinstance(connector, Slack)
    return connector


def texts(batches: list[Batch]) -> list[str]:
    return [message.text for batch in batches for message in batch.messages]


def answering(stage: SlackStage, method: str, answer: Mapping[str, Any]) -> None:
    """Slack answers this to one method from now on."""
    stage.upset = lambda _request: httpx.Response(200, json=dict(answer))
    stage.upset_where = lambda request: request.url.path == METHODS + method


def event(stage: SlackStage, **event: Any) -> Batch:
    sent = {"type": "event_callback", "team_id": TEAM, "event": {"type": "message", "channel": CHANNEL, **event}}
    return stage.connector().receive(*stage.signed(sent))


def test_an_answer_in_a_thread_is_found_although_history_does_not_show_it(stage: SlackStage) -> None:
    cursor = stage.brought()[-1].cursor
    below(stage, "Danke, gefunden!", 600)
    with stage.later():
        batches = stage.brought(cursor)
        (answer,) = [message for batch in batches for message in batch.messages]
        assert (answer.text, answer.parent_id) == ("Danke, gefunden!", stage.name_of(stage.items[-1]))
        assert answer.thread_id == stage.name_of(stage.items[-1])
    with stage.later(timedelta(hours=9)):
        stage.requests.clear()
        assert texts(stage.brought(batches[-1].cursor)) == []
        asked = [r.url.params for r in stage.requests if r.url.path == "/api/conversations.replies"]
        # Those with both ends look for edits.
        news = [query for query in asked if "inclusive" not in query and query["ts"] == stage.items[-1]["ts"]]
        assert [query.get("oldest") for query in news] == [answer.reply_handle["ts"]]


def test_a_thread_that_has_answers_already_is_read_at_once(stage: SlackStage) -> None:
    stage.items[-1]["reply_count"] = 1
    below(stage, "Unter Menü.", 600)
    assert "Unter Menü." in texts(stage.brought())


def test_an_answer_shown_in_the_channel_too_comes_once_and_with_what_it_answers(stage: SlackStage) -> None:
    root, since = stage.items.pop(), datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    below(stage, "Das gilt für alle.", 60, subtype="thread_broadcast", thread_ts=root["ts"])
    stage.items.insert(0, stage.answers[0])
    # History shows the answer; the root is older than the wanted past and comes with its thread.
    inner = stage._messages
    stage._messages = lambda: [*inner(), root]  # type: ignore[method-assign]
    found = texts(stage.brought(since=since))
    assert (found.count("Das gilt für alle."), found.count(root["text"])) == (1, 1)


def test_names_already_asked_for_are_kept_when_patience_is_asked_for_half_way(stage: SlackStage) -> None:
    asked: list[str] = []

    def once_each(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["user"])
        return stage.patience(30) if len(asked) == 2 else stage.route(request)

    stage.upset, stage.upset_where = once_each, lambda request: request.url.path == "/api/users.info"
    with pytest.raises(RateLimited):
        stage.brought()
    assert len(texts(stage.brought())) == len(stage.items)
    assert asked[0] not in asked[2:]


def test_a_mark_that_has_expired_starts_the_channel_again(stage: SlackStage) -> None:
    stage.pages = [stage.items]
    walk = stage.connector().poll("messages", None, None)
    kept = next(walk)
    walk.close()  # type: ignore[attr-defined]

    def forgotten(request: httpx.Request) -> httpx.Response:
        refused = {"ok": False, "error": "invalid_cursor"}
        is_old = request.url.params.get("cursor") == kept.cursor["channels"][CHANNEL]["further"]
        return httpx.Response(200, json=refused) if is_old and not again else stage.route(request)

    again: list[int] = []
    stage.upset, stage.upset_where = forgotten, stage.is_poll
    rest = stage.connector().poll("messages", kept.cursor, None)
    first = next(rest)
    again.append(1)
    found = {*texts([kept, first]), *texts(list(rest))}
    assert len(found) == len(stage.items)


def test_a_channel_that_the_app_was_removed_from_keeps_nobody_waiting(stage: SlackStage) -> None:
    answering(stage, "conversations.history", {"ok": False, "error": "not_in_channel"})
    assert texts(stage.brought()) == []


def test_patience_in_a_success_is_patience(stage: SlackStage) -> None:
    answer = httpx.Response(200, headers={"Retry-After": "40"}, json={"ok": False, "error": "ratelimited"})
    stage.upset, stage.upset_where = (lambda _request: answer), stage.is_poll
    with pytest.raises(RateLimited) as caught:
        stage.brought()
    assert caught.value.retry_after == 40


@pytest.mark.parametrize("error", ["fatal_error", "internal_error", "service_unavailable"])
def test_a_failure_after_which_a_part_may_be_done_is_an_unknown_outcome(stage: SlackStage, error: str) -> None:
    reply = stage.reply_to(stage.brought()[0].messages[0])
    answering(stage, "chat.postMessage", {"ok": False, "error": error})
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


def test_a_missing_scope_is_named(stage: SlackStage) -> None:
    answering(stage, "users.conversations", {"ok": False, "error": "missing_scope", "needed": "groups:read"})
    with pytest.raises(NeedsPerson, match="groups:read"):
        stage.checked()


def test_an_app_that_nobody_invited_says_what_to_do(stage: SlackStage) -> None:
    answering(stage, "users.conversations", {"ok": True, "channels": []})
    with pytest.raises(NeedsPerson, match="/invite"):
        stage.checked()
    stage.upset = None
    with pytest.raises(NeedsPerson, match="these channels"):
        configured(stage, channels="#sales").check()


def test_a_check_shows_the_last_messages(stage: SlackStage) -> None:
    account: Account = stage.checked()
    assert (account.name, account.external_id) == ("Brandworks", TEAM)
    assert account.latest[0].text.endswith("weg :disappointed:")
    assert account.latest[0].subject == "#support"


def test_what_the_token_may_not_do_is_not_offered(stage: SlackStage) -> None:
    stage.memory.save({"us": {"user_id": "U02BOT0001", "scopes": ["channels:history"]}})
    told = stage.connector().describe()
    assert (told.replies, told.acts) == (False, frozenset())
    assert "chat:write" in told.because["replies"] and "reactions:write" in told.because[ActName.LIKE]


def test_plain_words_stay_as_they_are(stage: SlackStage) -> None:
    stage.connector().send(stage.reply_to(stage.brought()[0].messages[0], "a < b & <!here> *nicht* fett"))
    body = json.loads(stage.requests[-1].content)
    assert body["text"] == "a &lt; b &amp; &lt;!here&gt; *nicht* fett"
    assert body["mrkdwn"] is False


def test_an_answer_in_a_direct_channel_opens_no_thread(stage: SlackStage) -> None:
    batch = event(stage, channel="D02MARK001", **{k: stage.items[1][k] for k in ("ts", "user", "text")})
    (message,) = batch.messages
    assert message.thread_id == "D02MARK001"
    answering(stage, "chat.postMessage", recording("slack/sent.json"))
    stage.connector().send(stage.reply_to(message))
    assert "thread_ts" not in json.loads(stage.requests[-1].content)


def test_slack_hears_its_own_challenge(stage: SlackStage) -> None:
    asked = stage.signed({"type": "url_verification", "challenge": "3eZbrw1aB"})
    assert stage.connector().receive(*asked) == Batch(answer="3eZbrw1aB")
    with pytest.raises(Refused):
        stage.connector().receive({}, asked[1])


@pytest.mark.parametrize("time", ["", "gestern", "٣٣", "9" * 5_000, "-1"])
def test_a_time_that_is_none_is_refused(stage: SlackStage, time: str) -> None:
    headers, body = stage.delivery(stage.items[:1])
    with pytest.raises(Refused, match="time"):
        stage.connector().receive({**headers, "X-Slack-Request-Timestamp": time}, body)


def test_edits_and_deletions_are_delivered(stage: SlackStage) -> None:
    before = stage.items[1]
    changed = event(stage, subtype="message_changed", message=stage.worded(before, "Doch nicht"))
    assert [(m.external_id, m.text) for m in changed.messages] == [(stage.name_of(before), "Doch nicht")]
    deleted = event(stage, subtype="message_deleted", deleted_ts=before["ts"])
    emptied = event(stage, subtype="message_changed", message={**before, "subtype": "tombstone"})
    for batch in (deleted, emptied):
        assert [deletion.external_id for deletion in batch.deletions] == [stage.name_of(before)]


def test_what_is_not_for_us_is_counted_and_no_more(stage: SlackStage) -> None:
    assert event(stage, subtype="channel_join", ts=stage.items[0]["ts"], text="joined").fetched == 1
    assert event(stage, type="reaction_added") == Batch(filtered=1)
    sent = {"type": "event_callback", "event": {**stage.items[0], "channel": OTHER, "channel_type": "group"}}
    stage.brought()
    assert configured(stage, channels="support").receive(*stage.signed(sent)) == Batch(filtered=1)


def test_a_delivered_message_that_cannot_be_read_is_set_aside(stage: SlackStage) -> None:
    assert len(event(stage, ts=None, text="?").bad) == 1


def test_what_a_free_workspace_hides_is_not_taken_for_deleted(stage: SlackStage) -> None:
    known = stage.known(stage.brought())[:1]
    del stage.items[:]
    with stage.later(timedelta(days=95)):
        assert stage.connector().refetch(known).fetched == 0


def test_a_message_that_only_its_thread_shows_is_asked_for_there(stage: SlackStage) -> None:
    stage.items[-1]["reply_count"] = 1
    below(stage, "Unter Menü.", 600)
    known = [known for known in stage.known(stage.brought()) if known.handle["ts"] == stage.answers[0]["ts"]]
    assert texts([stage.connector().refetch(known)]) == ["Unter Menü."]
    answering(stage, "conversations.replies", {"ok": False, "error": "channel_not_found"})
    assert stage.connector().refetch(known).fetched == 0


def test_what_another_program_says_is_automatic_and_read_out_of_its_box(stage: SlackStage) -> None:
    stage.items[0].update(user=None, bot_id="B09BUILDS", username="Builds", text="", subtype="bot_message")
    stage.items[0]["attachments"] = [{"id": 1, "fallback": "Version 4.2 ist draußen"}]
    message: IncomingMessage = stage.brought()[0].messages[-1]
    assert (message.text, message.is_automatic) == ("Version 4.2 ist draußen", True)
    assert message.author is not None and message.author.name == "Builds"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<mailto:anna@kunde.example|anna@kunde.example>", "anna@kunde.example"),
        ("<http://kunde.example|kunde.example>", "kunde.example"),
        ("<#C1|hilfe> <#C2>", "#hilfe #C2"),
        ("<!subteam^S1|@team> <!channel>", "@team @channel"),
        ("<!date^1763640000^{date}|20. November>", "20. November"),
        ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
        ("<" * 5_000, "<" * 5_000),
    ],
)
def test_markup_becomes_words(source: str, expected: str) -> None:
    assert plain(source, lambda person: person) == expected


def test_marked_words_are_read_as_they_were_written() -> None:
    text = "a < b > c & <@U1> &amp;"
    assert plain(marked(text), lambda _person: "nobody") == text


def test_an_html_page_in_place_of_who_we_are_passes(stage: SlackStage) -> None:
    stage.upset, stage.upset_where = (lambda _r: httpx.Response(200, text="<html>")), lambda _r: True
    with pytest.raises(Passing):
        stage.checked()


def test_the_manifest_asks_for_what_the_check_needs() -> None:
    scopes = Slack.manifest("https://inbox.example")["oauth_config"]["scopes"]["bot"]
    assert {"channels:history", "groups:history", "im:history", "chat:write", "users:read"} <= set(scopes)


def test_the_first_message_of_a_thread_is_asked_for_where_it_stands(stage: SlackStage) -> None:
    first, other = [message for batch in stage.brought() for message in batch.messages][:2]
    handle = {**other.reply_handle, "channel": first.reply_handle["channel"], "thread_ts": first.reply_handle["ts"]}
    answer = replace(other, parent_id=first.external_id, thread_id=first.thread_id, reply_handle=handle)
    assert [message.text for message in stage.connector().thread([answer]).messages] == [first.text]
