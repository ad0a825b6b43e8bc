"""Words and hashtags on Mastodon and Bluesky: what is asked for, and what of the findings is for us."""

from datetime import UTC, datetime

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.bluesky import BlueskySetup
from inbox.connectors.contract import ConnectorError, IncomingMessage, Refused
from inbox.connectors.mastodon import MastodonSetup
from tests.contract.stage import Stage
from tests.contract.stage_bluesky import OUR_DID
from tests.contract.stage_bluesky_watch import BlueskyWatchStage
from tests.contract.stage_mastodon_watch import TAG, MastodonWatchStage

SEARCH = "/api/v2/search"


@pytest.fixture
def mastodon(monkeypatch: pytest.MonkeyPatch) -> MastodonWatchStage:
    return MastodonWatchStage(monkeypatch)


@pytest.fixture
def bluesky(monkeypatch: pytest.MonkeyPatch) -> BlueskyWatchStage:
    return BlueskyWatchStage(monkeypatch)


def found(stage: Stage, stream: str, since: datetime | None = None) -> dict[str, IncomingMessage]:
    batches = stage.connector().poll(stream, None, since)
    return {m.external_id: m for batch in batches for m in batch.messages}


def asked(stage: Stage, path: str) -> list[httpx.QueryParams]:
    return [request.url.params for request in stage.requests if request.url.path == path]


def test_each_word_is_a_stream_of_its_own(mastodon: MastodonWatchStage, bluesky: BlueskyWatchStage) -> None:
    names = [[spec.name for spec in stage.connector().streams()] for stage in (mastodon, bluesky)]
    assert names == [
        ["mentions", "threads", "watch:#stundenplan", "watch:garten app"],
        ["notifications", "threads", "watch:stundenplan", "watch:garten app"],
    ]


@pytest.mark.parametrize("setup", [MastodonSetup, BlueskySetup])
def test_too_many_words_are_not_taken(setup: type[MastodonSetup] | type[BlueskySetup]) -> None:
    words = ", ".join(map(str, range(21)))
    with pytest.raises(ValidationError, match="20 words"):
        setup.model_validate({"server": "a.example", "access_token": "t", "identifier": "abc", "watch": words})


# ── Mastodon ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hashtag_has_a_timeline_and_words_are_searched_as_they_stand(mastodon: MastodonWatchStage) -> None:
    found(mastodon, "watch:#stundenplan")
    assert asked(mastodon, TAG)[0]["limit"] == "40"
    assert found(mastodon, "watch:garten app")
    query = asked(mastodon, SEARCH)[-1]
    assert (query["q"], query["type"]) == ('"garten app"', "statuses")


@pytest.mark.parametrize("word", ["#..", "#../home", "#a/b?c=d"])
def test_a_hashtag_cannot_lead_elsewhere(mastodon: MastodonWatchStage, word: str) -> None:
    with pytest.raises(ConnectorError):
        found(mastodon, f"watch:{word}")
    raw = [request.url.raw_path.decode() for request in mastodon.requests if b"timelines" in request.url.raw_path]
    assert all(path.partition("?")[0].count("/") == 5 for path in raw)


def test_a_server_without_a_search_finds_nothing(mastodon: MastodonWatchStage) -> None:
    mastodon.upset_where = lambda request: request.url.path == SEARCH
    mastodon.upset = lambda _request: httpx.Response(200, json={"accounts": [], "hashtags": [], "statuses": []})
    assert found(mastodon, "watch:garten app") == {}


def test_our_own_posts_under_a_hashtag_are_not_messages(mastodon: MastodonWatchStage) -> None:
    us = {**mastodon.items[0]["account"], "id": "11001"}
    mastodon.items[0] = {**mastodon.items[0], "account": us}
    batches = mastodon.brought()
    assert sum(batch.filtered for batch in batches) == 1
    assert mastodon.items[0]["id"] not in {m.external_id for batch in batches for m in batch.messages}


def test_an_answer_that_was_found_belongs_to_its_thread(mastodon: MastodonWatchStage) -> None:
    by_mention = {
        m.external_id: m.thread_id for b in mastodon.connector().poll("mentions", None, None) for m in b.messages
    }
    by_word = {name: message.thread_id for name, message in found(mastodon, mastodon.stream).items()}
    assert by_word == {name: by_mention[name] for name in by_word}


# ── Bluesky ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bluesky_is_asked_for_the_latest_from_the_wanted_day_on(bluesky: BlueskyWatchStage) -> None:
    found(bluesky, "watch:garten app", datetime(2026, 11, 20, 10, 30, tzinfo=UTC))
    query = asked(bluesky, bluesky.poll_path)[-1]
    assert (query["q"], query["sort"], query["since"]) == ('"garten app"', "latest", "2026-11-20T10:30:00Z")


def test_where_the_search_ends_the_walk_ends(bluesky: BlueskyWatchStage) -> None:
    bluesky.pages = [bluesky.items[:2], bluesky.items[2:]]
    bluesky.upset_where = lambda request: request.url.params.get("cursor") == "1"
    bluesky.upset = lambda _request: httpx.Response(400, json={"error": "InvalidRequest", "message": "cursor too far"})
    messages = found(bluesky, bluesky.stream)
    assert {bluesky.name_of(item) for item in bluesky.items[:2]} <= set(messages)


def test_a_search_that_is_refused_is_not_an_empty_one(bluesky: BlueskyWatchStage) -> None:
    bluesky.upset = lambda _request: httpx.Response(400, json={"error": "InvalidRequest", "message": "q"})
    with pytest.raises(Refused):
        found(bluesky, bluesky.stream)


def test_our_own_posts_with_a_word_are_not_messages(bluesky: BlueskyWatchStage) -> None:
    item = bluesky.items[1]
    ours = {
        **item,
        "uri": f"at://{OUR_DID}/app.bsky.feed.post/3lbours2222aa",
        "author": {**item["author"], "did": OUR_DID},
    }
    bluesky.items[1] = ours
    batches = bluesky.brought()
    assert sum(batch.filtered for batch in batches) == 1
    assert ours["uri"] not in {m.external_id for batch in batches for m in batch.messages}
