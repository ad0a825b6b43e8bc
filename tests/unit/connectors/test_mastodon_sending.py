"""Answering and acting on Mastodon: to whom it may concern, never wider, found again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from inbox.connectors.contract import (
    Act,
    ActName,
    NeedsPerson,
    Passing,
    Refused,
    Visibility,
)
from inbox.connectors.mastodon import MastodonSetup
from inbox.connectors.mastodon_read import core, mentions
from tests.contract.stage import recording
from tests.contract.stage_mastodon import MastodonStage
from tests.unit.connectors.mastodon_polls import ANA, BO, CY, SECRET, polled, sent


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> MastodonStage:
    return MastodonStage(monkeypatch)


def test_the_author_is_named_when_the_answer_does_not(stage: MastodonStage) -> None:
    messages = polled(stage)
    stage.connector().send(stage.reply_to(messages[BO], "Thanks"))
    assert sent(stage)["status"] == "@bo@tools.example Thanks"
    stage.connector().send(stage.reply_to(messages[BO], "Thanks @Bo@tools.example"))
    assert sent(stage)["status"] == "Thanks @Bo@tools.example"


@pytest.mark.parametrize("name", [ANA, SECRET, CY, "113500000000000500"])
def test_an_answer_is_never_wider_than_what_it_answers(stage: MastodonStage, name: str) -> None:
    message = polled(stage)[name]
    stage.connector().send(stage.reply_to(message))
    assert sent(stage)["visibility"] == message.visibility


def test_a_word_for_visibility_that_only_this_server_knows_is_repeated(stage: MastodonStage) -> None:
    item = stage.items[-1]
    stage.items[-1] = {**item, "status": {**item["status"], "visibility": "local"}}
    message = polled(stage)[ANA]
    assert message.visibility is Visibility.PRIVATE
    stage.connector().send(stage.reply_to(message))
    assert sent(stage)["visibility"] == "local"


def test_an_answer_to_a_message_of_unknown_visibility_is_direct(stage: MastodonStage) -> None:
    message = polled(stage)[ANA]
    handle = {**message.reply_handle, "visibility": ""}
    stage.connector().send(replace(stage.reply_to(message), parent_handle=handle))
    assert sent(stage)["visibility"] == "direct"


def test_a_content_warning_is_carried_on(stage: MastodonStage) -> None:
    stage.connector().send(stage.reply_to(polled(stage)[CY]))
    assert sent(stage)["spoiler_text"] == "Wunschzettel"


def test_the_key_of_the_delivery_goes_along(stage: MastodonStage) -> None:
    stage.connector().send(stage.reply_to(polled(stage)[ANA]))
    assert stage.requests[-1].headers["Idempotency-Key"] == "delivery-1"


def test_the_servers_own_limit_counts_with_the_name_in_front(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = polled(stage)[BO]
    connector = stage.connector()
    connector.send(stage.reply_to(message, "x" * (500 - len("@bo "))))
    with pytest.raises(Refused, match="501 characters"):
        connector.send(stage.reply_to(message, "x" * (501 - len("@bo "))))
    state = stage.memory.load()
    stage.memory.save({**state, "us": {**state["us"], "limit": 5_000}})
    connector.send(stage.reply_to(message, "x" * 4_000))


SENT_TEXT = "Unter Menü, dann https://example.com/hilfe/kalender/vertretung."


@pytest.mark.parametrize("minutes_before", [0, 10, 60])
def test_an_answer_is_found_whatever_the_servers_clock_says(stage: MastodonStage, minutes_before: int) -> None:
    """The recorded post is of 08:00:03 by a clock that may be wrong; its Date header says how wrong."""
    stage.sent = stage.reply_to_nothing()
    reply = stage.reply_to(polled(stage)[ANA], SENT_TEXT)
    ours = datetime.now(UTC)
    reply = replace(reply, created_at=ours)
    skew = datetime(2026, 11, 21, 8, 0, 3, tzinfo=UTC) - ours
    original = stage.route

    def route(request: httpx.Request) -> httpx.Response:
        answer = original(request)
        answer.headers["Date"] = (datetime.now(UTC) + skew).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return answer

    stage.route = route  # type: ignore[method-assign]
    assert stage.connector().find_sent(reply)


def test_an_older_answer_with_the_same_words_is_another_one(stage: MastodonStage) -> None:
    stage.sent = stage.reply_to_nothing()
    reply = stage.reply_to(polled(stage)[ANA], SENT_TEXT)
    assert stage.connector().find_sent(reply)
    assert stage.connector().find_sent(replace(reply, created_at=datetime.now(UTC) + timedelta(days=400))) is None


def test_the_same_words_to_another_message_are_not_this_answer(stage: MastodonStage) -> None:
    stage.sent = stage.reply_to_nothing()
    assert stage.connector().find_sent(stage.reply_to(polled(stage)[BO], SENT_TEXT)) is None


def test_when_too_much_was_posted_since_it_cannot_be_told(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = stage.reply_to(polled(stage)[ANA], SENT_TEXT)
    other = {**recording("mastodon/status_sent.json"), "in_reply_to_id": None, "created_at": "2099-01-01T00:00:00Z"}
    original = stage.route

    def route(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/accounts/11001/statuses":
            return httpx.Response(200, json=[{**other, "id": f"{len(stage.requests)}-{n}"} for n in range(40)])
        return original(request)

    monkeypatch.setattr(stage, "route", route)
    with pytest.raises(Passing, match="cannot be told"):
        stage.connector().find_sent(reply)


@pytest.mark.parametrize(
    ("name", "undo", "path"),
    [
        (ActName.BLOCK, False, "/api/v1/accounts/12007/block"),
        (ActName.BLOCK, True, "/api/v1/accounts/12007/unblock"),
        (ActName.MUTE, False, "/api/v1/accounts/12007/mute"),
        (ActName.MUTE, True, "/api/v1/accounts/12007/unmute"),
        (ActName.REPORT, False, "/api/v1/reports"),
    ],
)
def test_acts_go_where_they_belong(stage: MastodonStage, name: ActName, undo: bool, path: str) -> None:
    message = polled(stage)[ANA]
    stage.connector().act(Act("k", name, ANA, "12007", message.reply_handle, "spam", undo=undo))
    assert (stage.requests[-1].method, stage.requests[-1].url.path) == ("POST", path)


def test_a_server_without_reports_says_what_else_can_be_done(stage: MastodonStage) -> None:
    message = polled(stage)[ANA]
    stage.upset, stage.upset_paths = (lambda _request: httpx.Response(404)), {"/api/v1/reports"}
    with pytest.raises(Refused, match="block or mute"):
        stage.connector().act(Act("k", ActName.REPORT, ANA, "12007", message.reply_handle, "spam"))


def test_a_forbidden_act_does_not_break_the_channel_but_a_missing_right_does(stage: MastodonStage) -> None:
    act = Act("k", ActName.BLOCK, ANA, "12007", polled(stage)[ANA].reply_handle)
    stage.upset_paths = {"/api/v1/accounts/12007/block"}
    stage.upset = lambda _request: httpx.Response(403, json={"error": "This action is not allowed"})
    with pytest.raises(Refused):
        stage.connector().act(act)
    stage.upset = lambda _request: httpx.Response(403, json={"error": "This action is outside the authorized scopes"})
    with pytest.raises(NeedsPerson, match="scopes"):
        stage.connector().act(act)


@pytest.mark.parametrize("name", ["../../admin", "a/b?c=d", "..", ""])
def test_a_hostile_id_stays_one_part_of_the_path(stage: MastodonStage, name: str) -> None:
    act = Act("k", ActName.BLOCK, ANA, name, {})
    stage.upset, stage.upset_paths = None, set()
    try:
        stage.connector().act(act)
    except Refused:
        return
    assert stage.requests[-1].url.raw_path.count(b"/") == 5


@pytest.mark.parametrize(
    ("text", "acct", "is_named"),
    [
        ("hello @ana", "ana", True),
        ("hello @Ana!", "ana", True),
        ("hello @anabel", "ana", False),
        ("hello @ana@elsewhere.example", "ana", False),
        ("see x@ana", "ana", False),
        ("(@bo@tools.example)", "bo@tools.example", True),
        ("@bo", "bo@tools.example", False),
    ],
)
def test_whether_somebody_is_named(text: str, acct: str, is_named: bool) -> None:
    assert mentions(text, acct) is is_named


def test_a_rendered_text_is_recognised() -> None:
    assert core("@bo@tools.example  *Thanks*, see https://a.example/x") == core("@bo Thanks, see https://a.example/x\n")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mastodon.social", "https://mastodon.social"),
        (" https://Mastodon.social/@brand ", "https://mastodon.social"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
    ],
)
def test_a_server_may_be_written_in_many_ways(written: str, meant: str) -> None:
    assert MastodonSetup(server=written, access_token="t").server == meant  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("server", "token"),
    [
        ("", "t"),
        ("ftp://a.example", "t"),
        ("https://a:b@c.example", "t"),
        ("a.example", ""),
        ("a.example", "a b"),
        ("a.example", "ü"),
    ],
)
def test_a_form_that_cannot_work_is_refused(server: str, token: str) -> None:
    with pytest.raises(ValueError):
        MastodonSetup(server=server, access_token=token)  # type: ignore[arg-type]
