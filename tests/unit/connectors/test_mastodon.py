"""Mastodon in detail, and the servers that speak its API a little differently."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import (
    Act,
    ActName,
    IncomingMessage,
    NeedsPerson,
    Passing,
    RateLimited,
    Refused,
    Visibility,
)
from inbox.connectors.mastodon import MastodonSetup
from inbox.connectors.mastodon_read import core, mentions
from tests.contract.stages import MastodonStage, recording

LONG_AGO = "2020-01-01T00:00:00+00:00"
ANA, BO, SECRET, CY = "113500000000000201", "113500000000000305", "113500000000000377", "113500000000000412"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> MastodonStage:
    return MastodonStage(monkeypatch)


def polled(stage: MastodonStage, stream: str = "mentions", cursor: Any = None) -> dict[str, IncomingMessage]:
    return {m.external_id: m for batch in stage.connector().poll(stream, cursor, None) for m in batch.messages}


def end(stage: MastodonStage, stream: str = "mentions") -> dict[str, Any]:
    return dict(list(stage.connector().poll(stream, None, None))[-1].cursor)


def sent(stage: MastodonStage) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(next(r.content for r in reversed(stage.requests) if r.method == "POST"))
    return body


def test_words_are_plain_and_links_whole(stage: MastodonStage) -> None:
    messages = polled(stage)
    assert messages[ANA].text == "@brand Wo finde ich den Vertretungsplan im neuen Kalender?\nIch suche seit gestern."
    assert messages[BO].text == (
        "@brand it crashes on https://tools.example/issues/2041/the-calendar-crashes\n\nSecond paragraph & done."
    )
    assert messages[CY].subject == "Wunschzettel"


def test_names_carry_their_server_also_for_neighbours(stage: MastodonStage) -> None:
    messages = polled(stage)
    handles = [messages[name].author.handle for name in (ANA, BO)]  # type: ignore[union-attr]
    assert handles == ["ana@garten.example", "bo@tools.example"]


def test_who_may_read_is_kept(stage: MastodonStage) -> None:
    messages = polled(stage)
    assert messages[SECRET].visibility is Visibility.DIRECT
    assert messages[CY].visibility is Visibility.UNLISTED


def test_our_own_post_above_the_answer_comes_along(stage: MastodonStage) -> None:
    messages = polled(stage)
    root = messages["113500000000000100"]
    assert root.author
    assert root.author.is_us
    assert messages[ANA].thread_id == root.external_id == root.thread_id
    assert messages[BO].thread_id == BO


def test_a_strangers_words_above_are_the_quote(stage: MastodonStage, monkeypatch: pytest.MonkeyPatch) -> None:
    above = recording("mastodon/notifications.json")[3]["status"]
    original = stage.route

    def route(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/context"):
            return httpx.Response(200, json={"ancestors": [above], "descendants": []})
        return original(request)

    monkeypatch.setattr(stage, "route", route)
    message = polled(stage)[ANA]
    assert message.quote.startswith("@bo@tools.example: @brand it crashes on https://tools.example/")
    assert message.thread_id == BO


def test_pictures_keep_their_description(stage: MastodonStage) -> None:
    (file,) = polled(stage)[BO].attachments
    assert (file.name, file.media_type) == ("The error message", "image/png")


def test_answers_below_our_posts_are_found_without_a_mention(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = stage.route

    def route(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/accounts/11001/statuses":
            is_first = "max_id" not in request.url.params
            return httpx.Response(200, json=[recording("mastodon/status_root.json")] if is_first else [])
        return original(request)

    monkeypatch.setattr(stage, "route", route)
    found = polled(stage, "threads")
    assert found["113500000000000260"].text == "Bei mir auch nicht zu finden."
    assert {message.thread_id for message in found.values()} == {"113500000000000100"}
    assert polled(stage, "threads", end(stage, "threads")) == {}


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


def other_server(stage: MastodonStage, monkeypatch: pytest.MonkeyPatch, **answers: httpx.Response) -> None:
    original = stage.route

    def route(request: httpx.Request) -> httpx.Response:
        name = request.url.path.removeprefix("/api/").replace("/", "_")
        if request.method == "GET" and name in answers:
            told = answers[name]
            return httpx.Response(told.status_code, content=told.content, headers=told.headers)
        return original(request)

    monkeypatch.setattr(stage, "route", route)


@pytest.mark.parametrize("status", [400, 401, 404, 405, 422])
def test_edits_and_deletions_are_seen_without_a_way_to_ask_for_several(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    other_server(stage, monkeypatch, v1_statuses=httpx.Response(status, text="no"))
    cursor = end(stage)
    gone = stage.name_of(stage.items.pop(1))
    stage.items[0] = stage.worded(stage.items[0], "Andere Worte")
    batches = list(stage.connector().poll("mentions", {**cursor, "looked_at": LONG_AGO}, None))
    assert [d.external_id for b in batches for d in b.deletions] == [gone]
    assert [m.text for b in batches for m in b.messages] == ["Andere Worte"]


def test_a_server_that_answers_the_bulk_question_with_nothing_deletes_nothing(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = end(stage)
    other_server(stage, monkeypatch, v1_statuses=httpx.Response(200, json=[]))
    batches = list(stage.connector().poll("mentions", {**cursor, "looked_at": LONG_AGO}, None))
    assert not any(batch.deletions for batch in batches)


def test_a_failing_look_deletes_nothing(stage: MastodonStage, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = end(stage)
    busy = httpx.Response(503)
    other_server(stage, monkeypatch, v1_statuses=httpx.Response(200, json=[]), **{f"v1_statuses_{ANA}": busy})
    with pytest.raises(Passing):
        list(stage.connector().poll("mentions", {**cursor, "looked_at": LONG_AGO}, None))


def test_an_older_server_says_what_it_allows_in_the_older_way(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = {"uri": "https://alt.example/", "max_toot_chars": 5_000, "version": "2.7.2"}
    missing = httpx.Response(404, json={"error": "Not Found"})
    other_server(stage, monkeypatch, v2_instance=missing, v1_instance=httpx.Response(200, json=instance))
    stage.connector().check()
    us = stage.memory.load()["us"]
    assert (us["domain"], us["limit"], us["url_length"]) == ("alt.example", 5_000, 23)
    polled(stage)
    assert stage.requests[-1].url.params.get_list("types[]") in ([], ["mention"])


def test_a_server_that_tells_nothing_of_itself_is_spoken_to_all_the_same(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = httpx.Response(404)
    other_server(stage, monkeypatch, v2_instance=missing, v1_instance=missing)
    assert stage.connector().check().name == "@brand@garten.example"


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(400, text="Bad Request"), httpx.Response(401, json={"error": "The access token is invalid"})],
)
def test_a_bad_token_is_told_as_one(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response
) -> None:
    other_server(stage, monkeypatch, v1_accounts_verify_credentials=answer)
    with pytest.raises(NeedsPerson, match="connect again"):
        stage.connector().check()


def test_kinds_that_were_not_asked_for_are_counted_but_left_out(stage: MastodonStage) -> None:
    favourite = {**stage.items[0], "id": "f1", "type": "favourite"}
    emptied = {**stage.items[0], "id": "f2", "status": None}
    stage.items = [favourite, emptied, *stage.items[:1]]
    (batch, *_rest) = stage.connector().poll("mentions", None, None)
    assert batch.filtered == 2
    assert len(batch.messages) == 1


def test_ids_need_not_be_numbers_nor_in_order(stage: MastodonStage) -> None:
    ids = ["01HZX", "01ABC", "01QQQ", "01AAA", "01ZZZ"]
    stage.items = [{**item, "id": name} for item, name in zip(stage.items, ids, strict=True)]
    assert len(polled(stage)) == len(stage.items) + 1
    assert polled(stage, cursor=end(stage)) == {}


def test_what_came_before_a_wait_is_kept(stage: MastodonStage) -> None:
    stage.pages = [stage.items[:2], stage.items[2:4], stage.items[4:]]

    def busy(request: httpx.Request) -> httpx.Response:
        if "max_id" in request.url.params:
            return httpx.Response(429, headers={"X-RateLimit-Reset": "2026-11-21T08:05:00.000Z"})
        return stage.route(request)

    stage.upset = busy
    walk = stage.connector().poll("mentions", None, None)
    batches = [next(walk)]
    with pytest.raises(RateLimited):
        next(walk)
    stage.upset = None
    rest = polled(stage, cursor=json.loads(json.dumps(dict(batches[-1].cursor))))
    found = {m.external_id for b in batches for m in b.messages} | set(rest)
    assert set(map(stage.name_of, stage.items)) <= found


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
