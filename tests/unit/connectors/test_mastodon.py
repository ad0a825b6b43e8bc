"""Reading from Mastodon: words, people, threads and visibility as they are meant."""

import json
from dataclasses import replace

import httpx
import pytest

from inbox.connectors.contract import (
    RateLimited,
    Visibility,
)
from tests.contract.stage import recording
from tests.contract.stage_mastodon import MastodonStage
from tests.unit.connectors.mastodon_polls import ANA, BO, CY, SECRET, end, polled


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> MastodonStage:
    return MastodonStage(monkeypatch)


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


def test_what_stands_above_an_answer_comes_with_the_name_of_its_conversation(stage: MastodonStage) -> None:
    (root,) = stage.connector().thread([polled(stage)[ANA]]).messages
    assert root.author
    assert root.author.is_us
    assert root.external_id == root.thread_id == "113500000000000100"


def test_all_above_is_one_conversation_and_asked_for_once(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = [recording("mastodon/notifications.json")[number]["status"] for number in (3, 1)]
    answers = [replace(polled(stage)[name], parent_id=CY) for name in (ANA, SECRET)]
    original = stage.route

    def route(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/context"):
            return httpx.Response(200, json={"ancestors": above, "descendants": []})
        return original(request)

    monkeypatch.setattr(stage, "route", route)
    told = stage.connector().thread(answers)
    assert {message.external_id: message.thread_id for message in told.messages} == {BO: BO, CY: BO}
    assert sum(request.url.path.endswith("/context") for request in stage.requests) == 1


def test_a_parent_that_is_not_shown_is_told_as_missing(stage: MastodonStage, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = polled(stage)[ANA]
    monkeypatch.setattr(stage, "route", lambda _request: httpx.Response(200, json={"ancestors": [], "descendants": []}))
    told = stage.connector().thread([answer])
    assert [gone.external_id for gone in told.deletions] == [answer.parent_id]


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
    assert len(polled(stage)) == len(stage.items)
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
