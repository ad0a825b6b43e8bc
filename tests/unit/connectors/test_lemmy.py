"""Lemmy: signing in once, versions, what stands above an answer, private messages, whole communities, and moderation."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.contract import (
    Act,
    ActName,
    Batch,
    IncomingMessage,
    Known,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
    Visibility,
)
from inbox.connectors.lemmy import LemmySetup
from tests.contract.stage import recording
from tests.contract.stage_lemmy import API, SERVER, LemmyStage

COMMENT = {"comment_id": 501, "post_id": 40, "community_id": 7, "person_id": 11}
POST = {"post_id": 42, "community_id": 7, "person_id": 13}
PRIVATE = {"private_message_id": 73, "person_id": 12}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> LemmyStage:
    return LemmyStage(monkeypatch)


def messages(batches: list[Batch]) -> dict[str, IncomingMessage]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def polled(stage: LemmyStage, stream: str, cursor: Any = None, since: datetime | None = None) -> list[Batch]:
    return list(stage.connector().poll(stream, cursor, since))


def asked(stage: LemmyStage, path: str) -> list[httpx.Request]:
    return [request for request in stage.requests if request.url.path == API + path]


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def answered(stage: LemmyStage, path: str, status: int, body: Any) -> None:
    """The server answers this there, and as ever elsewhere."""
    stage.upset, stage.upset_where = (
        (lambda _request: httpx.Response(status, json=body)),
        (lambda request: request.url.path == path),
    )


def act(name: ActName, handle: dict[str, Any] = COMMENT, **changes: Any) -> Act:
    return replace(Act("k", name, "comment:501", "11", handle, "Werbung"), **changes)


def test_signing_in_happens_once_and_its_token_is_kept(stage: LemmyStage) -> None:
    stage.brought()
    stage.brought()
    assert len(asked(stage, "/user/login")) == 1
    assert {request.headers["Authorization"] for request in asked(stage, "/user/replies")} == {"Bearer ey.geheim.1"}
    assert "Authorization" not in asked(stage, "/user/login")[0].headers


def test_a_token_that_is_refused_is_renewed_once_and_the_call_repeated(stage: LemmyStage) -> None:
    def refuse_once(_request: httpx.Request) -> httpx.Response:
        stage.upset = None
        return stage.unauthorised()

    stage.upset = refuse_once
    assert len(messages(stage.brought())) == 5
    assert len(asked(stage, "/user/login")) == 2


def test_a_token_of_another_account_is_not_used(stage: LemmyStage) -> None:
    stage.memory.save(
        {"token": "of-somebody-else", "token_of": f"lena@{SERVER}", "our_id": 11, "id_of": f"lena@{SERVER}"}
    )
    told = messages([stage.connector().thread(list(messages(stage.brought()).values()))])
    assert "of-somebody-else" not in str([request.headers for request in stage.requests])
    assert told["post:40"].author and told["post:40"].author.is_us


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {"error": "incorrect_login"}, "user name and password"),
        (400, {"error": "missing_totp_token"}, "second factor"),
        (400, {"error": "email_not_verified"}, "email_not_verified"),
        (200, {"jwt": None, "registration_created": True}, "approval"),
    ],
)
def test_who_is_not_let_in_hears_why(stage: LemmyStage, status: int, body: Any, told: str) -> None:
    answered(stage, f"{API}/user/login", status, body)
    with pytest.raises(NeedsPerson, match=told) as caught:
        stage.brought()
    assert "streng-geheim" not in str(caught.value)
    assert len(asked(stage, "/user/login")) == 1


def test_too_many_sign_ins_pass(stage: LemmyStage) -> None:
    answered(stage, f"{API}/user/login", 400, {"error": "rate_limit_error"})
    with pytest.raises(RateLimited):
        stage.brought()


@pytest.mark.parametrize(
    ("version", "told"), [("1.0.0", "newer API"), ("1.2.0-beta.1", "newer API"), ("0.18.5", "0.19")]
)
def test_a_server_of_another_version_is_told(stage: LemmyStage, version: str, told: str) -> None:
    answered(stage, f"{API}/site", 200, {**recording("lemmy/site.json"), "version": version})
    with pytest.raises(NeedsPerson, match=told):
        stage.checked()
    assert not asked(stage, "/user/login")


def test_a_server_with_the_new_api_alone_is_told(stage: LemmyStage) -> None:
    stage.upset = lambda request: (
        httpx.Response(200, json={"version": "1.1.0"})
        if request.url.path == "/api/v4/site"
        else httpx.Response(404, text="Not Found")
    )
    stage.upset_where = lambda _request: True
    with pytest.raises(NeedsPerson, match=r"newer API \(Lemmy 1\.1\.0\)"):
        stage.checked()


def test_a_site_that_is_no_lemmy_is_not_taken_for_one(stage: LemmyStage) -> None:
    answered(stage, f"{API}/site", 200, {"name": "Blog"})
    with pytest.raises(Passing):
        stage.checked()


def test_a_check_names_the_account_and_shows_the_latest(stage: LemmyStage) -> None:
    account = stage.checked()
    assert (account.name, account.external_id) == ("brandworks@lemmy.garten.example", "2")
    assert account.url == f"{SERVER}/u/brandworks"
    assert account.latest[0].external_id == "comment:505"


def test_who_moderates_nothing_is_not_offered_the_acts_of_moderators(stage: LemmyStage) -> None:
    stage.checked()
    assert stage.connector().describe().acts == stage.connector().capabilities.acts
    site = recording("lemmy/site.json")
    answered(stage, f"{API}/site", 200, {**site, "my_user": {**site["my_user"], "moderates": []}})
    stage.checked()
    told = stage.connector().describe()
    assert told.acts == {ActName.BLOCK, ActName.REPORT, ActName.LIKE}
    assert "moderates no community" in told.because[ActName.BAN]


def test_the_post_and_what_is_answered_are_asked_for_once(stage: LemmyStage) -> None:
    found = messages(stage.brought())
    answers = [found["comment:501"], found["comment:502"], replace(found["comment:503"], parent_id="comment:501")]
    told = messages([stage.connector().thread(answers)])
    assert set(told) == {"post:40", "comment:501"}
    assert told["post:40"].author and told["post:40"].author.is_us
    assert told["post:40"].text.startswith("Version 4.2: Kalender mit Vertretung\n\nAb heute")
    assert (found["comment:501"].thread_id, found["comment:501"].parent_id) == ("post:40", "post:40")
    assert found["comment:501"].subject == "Version 4.2: Kalender mit Vertretung"
    assert found["comment:503"].edited_at is not None
    assert (len(asked(stage, "/post")), len(asked(stage, "/comment"))) == (1, 1)


def test_what_is_answered_but_gone_is_told_as_missing(stage: LemmyStage) -> None:
    answer = replace(messages(stage.brought())["comment:505"], parent_id="comment:77")
    answered(stage, f"{API}/post", 400, {"error": "couldnt_find_post"})
    told = stage.connector().thread([answer])
    assert {gone.external_id for gone in told.deletions} == {"comment:77", "post:40"}


@pytest.mark.parametrize("flag", ["deleted", "removed"])
def test_what_is_still_listed_but_deleted_or_removed_is_a_deletion(stage: LemmyStage, flag: str) -> None:
    cursor = stage.brought()[-1].cursor
    stage.items[1] = {**stage.items[1], "comment": {**stage.items[1]["comment"], flag: True, "content": ""}}
    batches = polled(stage, "replies", cursor)
    assert [d.external_id for batch in batches for d in batch.deletions] == ["comment:504"]
    assert not messages(batches)
    with stage.later():
        assert sum(batch.fetched for batch in polled(stage, "replies", batches[-1].cursor)) == 0


def test_an_edit_on_the_first_page_is_noticed_without_waiting(stage: LemmyStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.items[3] = stage.worded(stage.items[3], "Anders gefragt")
    assert {name: m.text for name, m in messages(polled(stage, "replies", cursor)).items()} == {
        "comment:502": "Anders gefragt"
    }


def test_what_comes_late_from_another_server_stands_where_it_arrived(stage: LemmyStage) -> None:
    stage.pages = [stage.items[:2], stage.items[2:]]
    cursor = stage.brought()[-1].cursor
    late = [stage.named(stage.items[0], f"late{n}") for n in range(4)]
    for each in late:
        each["comment_reply"] = {**each["comment_reply"], "published": "2026-11-20T13:00:00.0Z"}
        each["comment"]["published"] = "2026-11-12T13:00:00.0Z"
    stage.pages = [late[:2], late[2:], *stage.pages]
    assert len(messages(polled(stage, "replies", cursor))) == 4


def test_private_messages_form_one_conversation_with_each_person(stage: LemmyStage) -> None:
    batches = polled(stage, "messages")
    found = messages(batches)
    assert {name: message.thread_id for name, message in found.items()} == {
        "private_message:71": "person:11",
        "private_message:72": "person:11",
        "private_message:73": "person:12",
    }
    ours = found["private_message:72"]
    assert ours.author and ours.author.is_us
    assert {message.visibility for message in found.values()} == {Visibility.DIRECT}
    with stage.later():
        assert sum(batch.fetched for batch in polled(stage, "messages", batches[-1].cursor)) == 0


def test_a_private_message_is_answered_privately_and_found_again(stage: LemmyStage) -> None:
    asking = messages(polled(stage, "messages"))["private_message:73"]
    reply = stage.reply_to(asking, "Wir sehen nach.\nBis gleich!")
    connector = stage.connector()
    assert connector.find_sent(reply) is None
    receipt = connector.send(reply)
    assert body_of(asked(stage, "/private_message")[0]) == {
        "content": "Wir sehen nach.  \nBis gleich!",
        "recipient_id": 12,
    }
    assert receipt.external_id == "private_message:99"
    assert connector.find_sent(reply) == receipt
    assert connector.find_sent(replace(reply, thread_id="person:11")) is None
    assert not asked(stage, "/comment")


def test_communities_are_read_whole_with_posts_that_are_pinned(stage: LemmyStage) -> None:
    names = [spec.name for spec in stage.connector().streams()]
    assert names == ["replies", "mentions", "messages", "posts:gartenplaner", "comments:gartenplaner"]
    batches = polled(stage, "posts:gartenplaner")
    found = messages(batches)
    assert list(found) == ["post:41", "post:42", "post:40"]
    assert asked(stage, "/post/list")[0].url.params["community_name"] == "gartenplaner"
    assert [attachment.name for attachment in found["post:41"].attachments] == ["beds.jpg"]
    assert found["post:41"].text == "My beds this year"
    fresh = {**stage.lists["/post/list"][1]}
    fresh["post"] = {**fresh["post"], "id": 43, "published": "2026-11-20T15:00:00Z"}
    stage.lists["/post/list"].insert(1, fresh)
    assert list(messages(polled(stage, "posts:gartenplaner", batches[-1].cursor))) == ["post:43"]


def test_a_community_that_is_not_there_is_told(stage: LemmyStage) -> None:
    answered(stage, f"{API}/comment/list", 404, {"error": "couldnt_find_community"})
    with pytest.raises(NeedsPerson, match="gartenplaner"):
        polled(stage, "comments:gartenplaner")


def test_a_post_is_answered_without_a_comment_above(stage: LemmyStage) -> None:
    post = messages(polled(stage, "posts:gartenplaner"))["post:42"]
    reply = stage.reply_to(post, "Gute Idee ^ :)\n::: spoiler")
    stage.connector().send(reply)
    assert body_of(asked(stage, "/comment")[0]) == {"content": "Gute Idee \\^ :)  \n\\::: spoiler", "post_id": 42}
    found = stage.connector().find_sent(reply)
    assert found and found.external_id == "comment:900"


def test_an_answer_is_looked_for_on_further_pages_and_never_given_up_for_missing(stage: LemmyStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["comment:501"])
    newer = stage.dated(stage.items[0], "2026-11-21T09:00:00Z")
    answered(stage, f"{API}/comment/list", 200, {"comments": [newer] * 50})
    with pytest.raises(Passing, match="Too much"):
        stage.connector().find_sent(reply)


def test_an_answer_without_an_id_is_not_taken_for_sent(stage: LemmyStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["comment:501"])
    answered(stage, f"{API}/comment", 200, {"comment_view": {"comment": {"content": "?"}}})
    with pytest.raises(OutcomeUnknown):
        stage.connector().send(reply)


@pytest.mark.parametrize(
    ("given", "path", "body"),
    [
        (act(ActName.DELETE), "/comment/remove", {"comment_id": 501, "removed": True, "reason": "Werbung"}),
        (act(ActName.DELETE, POST, undo=True), "/post/remove", {"post_id": 42, "removed": False, "reason": "Werbung"}),
        (act(ActName.LOCK), "/post/lock", {"post_id": 40, "locked": True}),
        (act(ActName.LOCK, undo=True), "/post/lock", {"post_id": 40, "locked": False}),
        (act(ActName.LIKE, POST), "/post/like", {"post_id": 42, "score": 1}),
        (act(ActName.LIKE, undo=True), "/comment/like", {"comment_id": 501, "score": 0}),
        (act(ActName.BLOCK, PRIVATE), "/user/block", {"person_id": 12, "block": True}),
        (act(ActName.REPORT, reason=""), "/comment/report", {"comment_id": 501, "reason": "Reported in Trellis"}),
        (act(ActName.REPORT, PRIVATE), "/private_message/report", {"private_message_id": 73, "reason": "Werbung"}),
        (
            act(ActName.BAN, until=datetime(2026, 12, 1, tzinfo=UTC)),
            "/community/ban_user",
            {
                "community_id": 7,
                "person_id": 11,
                "ban": True,
                "remove_data": False,
                "reason": "Werbung",
                "expires": 1_796_083_200,
            },
        ),
        (
            act(ActName.BAN, undo=True, until=datetime(2026, 12, 1, tzinfo=UTC), reason=""),
            "/community/ban_user",
            {"community_id": 7, "person_id": 11, "ban": False, "remove_data": False},
        ),
    ],
)
def test_acts_ask_for_the_state_that_is_wanted(stage: LemmyStage, given: Act, path: str, body: Any) -> None:
    stage.connector().act(given)
    assert [body_of(request) for request in asked(stage, path)] == [body]


@pytest.mark.parametrize("name", [ActName.DELETE, ActName.LOCK, ActName.BAN, ActName.LIKE])
def test_a_private_message_takes_no_acts_of_a_community(stage: LemmyStage, name: ActName) -> None:
    with pytest.raises(Refused):
        stage.connector().act(act(name, PRIVATE))
    assert not stage.requests


@pytest.mark.parametrize(
    ("name", "path", "word"),
    [
        (ActName.REPORT, "/comment/report", "couldnt_create_report"),
        (ActName.BLOCK, "/user/block", "person_block_already_exists"),
        (ActName.BAN, "/community/ban_user", "community_user_already_banned"),
    ],
)
def test_what_was_done_before_is_done_and_other_refusals_are_told(
    stage: LemmyStage, name: ActName, path: str, word: str
) -> None:
    answered(stage, API + path, 400, {"error": word})
    assert stage.connector().act(act(name)).external_id == "comment:501"
    answered(stage, API + path, 400, {"error": "site_ban"})
    with pytest.raises(Refused, match="site_ban"):
        stage.connector().act(act(name))


def test_a_check_with_a_dead_token_signs_in_anew(stage: LemmyStage) -> None:
    whose = f"brandworks@{SERVER}"
    stage.memory.save({"token": "dead", "token_of": whose})
    stage.upset = lambda request: (
        stage.unauthorised()
        if request.url.path.endswith("/replies")
        else httpx.Response(200, json={**recording("lemmy/site.json"), "my_user": None})
    )
    stage.upset_where = lambda request: request.headers.get("Authorization") == "Bearer dead"
    assert stage.checked().external_id == "2"


def test_a_missing_right_concerns_the_act_and_not_the_connection(stage: LemmyStage) -> None:
    answered(stage, f"{API}/comment/remove", 400, {"error": "not_a_mod_or_admin"})
    with pytest.raises(Refused, match="does not moderate"):
        stage.connector().act(act(ActName.DELETE))


def test_what_somebody_else_removed_for_good_counts_as_deleted(stage: LemmyStage) -> None:
    answered(stage, f"{API}/comment/remove", 404, {"error": "couldnt_find_comment"})
    stage.connector().act(act(ActName.DELETE))
    with pytest.raises(Refused):
        stage.connector().act(act(ActName.DELETE, undo=True))


def test_a_private_message_is_not_asked_for_again_and_not_taken_for_gone(stage: LemmyStage) -> None:
    again = stage.connector().refetch(
        [Known("private_message:73", "person:12", PRIVATE), Known("comment:1", "post:4", {})]
    )
    assert [deletion.external_id for deletion in again.deletions] == ["comment:1"]


@pytest.mark.parametrize("typed", ["no such", "a/b", "x@", "ü", ", ".join(f"c{n}" for n in range(11))])
def test_what_names_no_community_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        LemmySetup.model_validate({"server": "a.example", "username": "x", "password": "y", "communities": typed})


def test_communities_are_taken_as_people_write_them() -> None:
    setup = LemmySetup.model_validate(
        {"server": "a.example", "username": "x", "password": "y", "communities": " !support, help@b.example,,support"}
    )
    assert setup.communities == "support, help@b.example"
