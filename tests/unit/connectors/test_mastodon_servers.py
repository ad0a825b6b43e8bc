"""Servers that speak Mastodon's API a little differently."""

import httpx
import pytest

from inbox.connectors.contract import (
    NeedsPerson,
    Passing,
)
from tests.contract.stage_mastodon import MastodonStage
from tests.unit.connectors.mastodon_polls import ANA, LONG_AGO, end, polled


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> MastodonStage:
    return MastodonStage(monkeypatch)


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


def test_a_look_that_fails_for_one_message_deletes_nothing_and_spoils_nothing(
    stage: MastodonStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = end(stage)
    busy = httpx.Response(503)
    other_server(stage, monkeypatch, v1_statuses=httpx.Response(200, json=[]), **{f"v1_statuses_{ANA}": busy})
    stage.items[0] = stage.worded(stage.items[0], "Andere Worte")
    batches = list(stage.connector().poll("mentions", {**cursor, "looked_at": LONG_AGO}, None))
    assert not any(batch.deletions for batch in batches)
    assert [m.text for batch in batches for m in batch.messages] == ["Andere Worte"]


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.Response(401)])
def test_a_look_that_fails_for_all_is_a_failure(stage: MastodonStage, failure: httpx.Response) -> None:
    cursor = end(stage)
    stage.upset = lambda _request: httpx.Response(failure.status_code)
    stage.upset_paths = {f"/api/v1/statuses/{stage.name_of(item)}" for item in stage.items} | {
        "/api/v1/statuses",
        "/api/v1/statuses/113500000000000100",
    }
    with pytest.raises((Passing, NeedsPerson)):
        list(stage.connector().poll("mentions", {**cursor, "looked_at": LONG_AGO}, None))


def test_a_context_that_the_server_cannot_give_is_not_taken_for_missing(stage: MastodonStage) -> None:
    answer = polled(stage)[ANA]
    stage.upset, stage.upset_paths = (lambda _request: httpx.Response(503)), {f"/api/v1/statuses/{ANA}/context"}
    assert stage.connector().thread([answer]).fetched == 0
    assert answer.thread_id == answer.parent_id


def test_nonsense_above_a_message_harms_nothing(stage: MastodonStage, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = polled(stage)[ANA]
    nonsense = httpx.Response(200, json={"ancestors": [7, {"id": None}, {}], "descendants": []})
    other_server(stage, monkeypatch, **{f"v1_statuses_{ANA}_context": nonsense})
    assert not stage.connector().thread([answer]).messages


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
