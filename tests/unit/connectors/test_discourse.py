"""Discourse: whose words are whose, what only staff may do, private messages, and what a webhook must not tell."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Act, ActName, IncomingMessage, Known, NeedsPerson, Refused, Visibility
from inbox.connectors.discourse import DiscourseSetup
from inbox.connectors.discourse_html import written_in
from tests.contract.stage_discourse import PRIVATE, DiscourseStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> DiscourseStage:
    return DiscourseStage(monkeypatch)


def brought(stage: DiscourseStage, stream: str = "posts", cursor: Any = None) -> dict[str, IncomingMessage]:
    return {m.external_id: m for b in stage.connector().poll(stream, cursor, None) for m in b.messages}


def body_of(stage: DiscourseStage) -> Any:
    return json.loads(stage.requests[-1].content)


def act(name: ActName, **changes: Any) -> Act:
    return replace(Act("k", name, "1201", "43", {"topic_id": 310, "person_id": 43}, "spam"), **changes)


def test_what_somebody_quoted_is_not_what_they_wrote(stage: DiscourseStage) -> None:
    message = brought(stage)["1204"]
    assert message.text == "Bei mir auch, seit gestern."
    assert "Bei mir fehlt der Knopf" in message.quote


def test_a_preview_becomes_its_address_and_a_picture_an_attachment() -> None:
    cooked = (
        '<p>Schau</p><aside class="onebox" data-onebox-src="https://a.example/x?a=1&amp;b=2"><article><h3>Fremd</h3>'
        '<aside class="quote"><p>innen</p></aside></article></aside><div class="lightbox-wrapper">'
        '<a class="lightbox" href="/uploads/1/bild.png" title="bild"><img src="/x"><div class="meta">bild 90×60</div></a></div>'
    )
    written = written_in(cooked, "https://forum.example")
    assert written.text == "Schau\n\nhttps://a.example/x?a=1&b=2"
    assert written.quote == ""
    assert written.pictures == ("https://forum.example/uploads/1/bild.png",)


@pytest.mark.parametrize("cooked", ["<aside>", "</aside>Hallo", "<aside>a<aside>b</aside>", "<aside " * 5_000, ""])
def test_broken_html_is_read_all_the_same(cooked: str) -> None:
    assert written_in(cooked, "").text in {"", "Hallo", "a\n\nb", "ab", "a\nb"}


def test_only_a_quotation_is_words_too() -> None:
    assert written_in('<aside class="quote"><p>Genau das</p></aside>', "").text == "Genau das"


def test_the_first_words_of_a_topic_come_along_once(stage: DiscourseStage) -> None:
    messages = brought(stage)
    assert messages["1201"].thread_id == "310"
    quoted = [name for name, m in messages.items() if m.quote == "@brand: Version 3.2 ist da."]
    assert len(quoted) == 1
    assert sum(request.url.path == "/t/310.json" for request in stage.requests) == 1


def test_what_was_moved_elsewhere_is_not_deleted(stage: DiscourseStage) -> None:
    cursor = stage.brought()[-1].cursor
    moved = stage.items.pop(1)
    stage.upset_where = lambda request: request.url.path == f"/posts/{moved['id']}.json"
    stage.upset = lambda _request: httpx.Response(200, json={**moved, "topic_id": 999})
    assert not any(batch.deletions for batch in stage.brought(cursor))


def test_a_gap_of_fifty_numbers_does_not_end_the_walk(stage: DiscourseStage) -> None:
    asked: list[str | None] = []

    def fifty_back(request: httpx.Request) -> httpx.Response:
        before = request.url.params.get("before")
        asked.append(before)
        highest = int(before) if before else 1206
        found = [post for post in stage.items if highest - 50 < post["id"] <= highest]
        return httpx.Response(200, json={"latest_posts": found})

    stage.items[-1] = {**stage.items[-1], "id": 1140}
    stage.upset = fifty_back
    assert "1140" in brought(stage)
    assert len(asked) < 6


def test_private_messages_are_direct_and_read_from_where_we_were(stage: DiscourseStage) -> None:
    first = {**stage.items[-1], "topic_id": 401, "post_number": 1, "id": 1301}
    posts = [first]
    stage.upset_where = lambda request: request.url.path == "/t/401.json"
    stage.upset = lambda _request: httpx.Response(
        200, json={"post_stream": {"posts": posts, "stream": [p["id"] for p in posts]}}
    )
    batches = list(stage.connector().poll("private", None, None))
    (message,) = [m for batch in batches for m in batch.messages]
    assert (message.visibility, message.subject, message.thread_id) == (Visibility.DIRECT, "Rechnung", "401")
    assert message.reply_handle["is_private"] is True
    assert not brought(stage, "private", batches[-1].cursor)
    assert stage.requests[-1].url.path == PRIVATE


def test_a_private_message_asked_for_again_stays_direct(stage: DiscourseStage) -> None:
    (again,) = stage.connector().refetch([Known("1201", "310", {"is_private": True})]).messages
    assert again.visibility is Visibility.DIRECT


def test_a_post_that_is_not_for_our_eyes_any_more_harms_no_other(stage: DiscourseStage) -> None:
    known = stage.known(stage.brought())[:2]
    stage.upset_where = lambda request: request.url.path == f"/posts/{known[0].external_id}.json"
    stage.upset = lambda _request: httpx.Response(403, json={"errors": ["no"], "error_type": "invalid_access"})
    batch = stage.connector().refetch(known)
    assert [m.external_id for m in batch.messages] == [known[1].external_id]
    assert not batch.deletions
    with pytest.raises(NeedsPerson):
        stage.connector().refetch(known[:1])


def test_a_webhook_about_private_messages_of_others_tells_nothing(stage: DiscourseStage) -> None:
    item = {**stage.items[0], "topic_archetype": "private_message"}
    batch = stage.connector().receive(*stage.delivery([item]))
    assert (batch.messages, batch.filtered) == ((), 1)


def test_a_webhook_tells_of_a_deletion(stage: DiscourseStage) -> None:
    headers, body = stage.delivery(stage.items[:1])
    batch = stage.connector().receive({**headers, "X-Discourse-Event": "post_destroyed"}, body)
    assert [deletion.external_id for deletion in batch.deletions] == ["1206"]


def test_without_a_secret_nothing_is_believed(stage: DiscourseStage) -> None:
    headers, body = stage.delivery(stage.items[:1])
    connector = stage.connector()
    connector.settings = DiscourseSetup(**{**stage.settings, "webhook_secret": ""})
    with pytest.raises(Refused, match="secret"):
        connector.receive(headers, body)


def test_only_staff_may_do_what_staff_does(stage: DiscourseStage) -> None:
    stage.checked()
    assert ActName.BAN in stage.connector().describe().acts
    stage.memory.save({"is_staff": False})
    described = stage.connector().describe()
    assert described.acts == {ActName.MARK_SPAM, ActName.REPORT, ActName.LIKE}
    assert "moderator" in described.because[ActName.BAN]


def test_an_answer_stands_below_its_post_in_plain_words(stage: DiscourseStage) -> None:
    message = brought(stage)["1203"]
    stage.connector().send(stage.reply_to(message, "*Bald* <b>mehr</b>"))
    assert body_of(stage) == {"raw": r"\*Bald\* \<b\>mehr\</b\>", "topic_id": 310, "reply_to_post_number": 3}


def test_the_forums_own_reason_is_told(stage: DiscourseStage) -> None:
    reply = stage.reply_to(brought(stage)["1203"], "Ja")
    stage.upset, stage.upset_where = (lambda _request: stage.refusal()), stage.is_send
    with pytest.raises(Refused, match="minimum is 20 characters"):
        stage.connector().send(reply)


def test_an_answer_that_waits_for_the_forums_staff_has_arrived(stage: DiscourseStage) -> None:
    reply = stage.reply_to(brought(stage)["1203"])
    stage.upset = lambda _request: httpx.Response(200, json={"success": True, "action": "enqueued"})
    stage.upset_where = stage.is_send
    assert stage.connector().send(reply).url == "https://forum.example/t/-/310"


def test_the_same_words_of_somebody_else_are_not_our_answer(stage: DiscourseStage) -> None:
    reply = stage.reply_to(brought(stage)["1201"], "Bei mir fehlt der Knopf")
    assert stage.connector().find_sent(reply) is None


def test_a_flag_that_was_set_before_is_set(stage: DiscourseStage) -> None:
    stage.upset_where = lambda request: request.url.path == "/post_actions.json"
    stage.upset = lambda _request: httpx.Response(403, json={"errors": ["You have already flagged this."]})
    with pytest.raises(Refused, match="already"):
        stage.connector().act(act(ActName.MARK_SPAM))
    stage.items[-1] = {**stage.items[-1], "actions_summary": [{"id": 8, "acted": True}]}
    assert stage.connector().act(act(ActName.MARK_SPAM)).external_id == "1201"


def test_a_dead_key_is_not_taken_for_a_missing_right(stage: DiscourseStage) -> None:
    stage.upset_where = lambda request: request.method == "PUT"
    stage.upset = lambda _request: httpx.Response(403, json={"errors": ["You are not permitted to do this."]})
    with pytest.raises(Refused, match="not permitted"):
        stage.connector().act(act(ActName.BAN))
    stage.upset = lambda _request: stage.unauthorised()
    with pytest.raises(NeedsPerson, match="key"):
        stage.connector().act(act(ActName.BAN))


def test_a_silence_without_an_end_lasts(stage: DiscourseStage) -> None:
    stage.connector().act(act(ActName.MUTE))
    assert int(body_of(stage)["silenced_till"][:4]) > 2100
    assert body_of(stage)["reason"] == "spam"
