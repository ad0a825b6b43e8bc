"""Hacker News, Reddit's feeds and the App Store's: what is told apart, and what a form takes."""

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.app_store_feed import AppStoreFeedSetup
from inbox.connectors.contract import IncomingMessage, NeedsPerson
from inbox.connectors.reddit_feed import RedditFeedSetup
from tests.contract.stage import Stage
from tests.contract.stage_app_store_feed import AppStoreFeedStage
from tests.contract.stage_hacker_news import HackerNewsStage
from tests.contract.stage_reddit_feed import RedditFeedStage


def brought(stage: Stage) -> dict[str, IncomingMessage]:
    return {m.external_id: m for batch in stage.brought() for m in batch.messages}


# ── Hacker News ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_comments_belong_to_their_story_which_tells_what_it_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = brought(HackerNewsStage(monkeypatch))
    comment, story = messages["48110045"], messages["48110001"]
    assert comment.thread_id == story.thread_id == "48110001"
    assert (comment.parent_id, comment.subject) == ("48110030", "Show HN: A calendar for substitute teachers")
    assert (comment.quote, story.quote) == ("", "https://brand.example/plan")
    assert comment.url == "https://news.ycombinator.com/item?id=48110045"


def test_a_word_is_looked_for_as_it_stands_and_from_the_wanted_day_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = HackerNewsStage(monkeypatch)
    list(stage.connector().poll('watch:say "hi"', None, brought(stage)["48110010"].posted_at))
    query = stage.requests[-1].url.params
    assert query["query"] == '"say  hi "'
    assert query["numericFilters"] == f"created_at_i>={int(stage.items[4]['created_at_i'])}"


def test_what_the_site_hides_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = HackerNewsStage(monkeypatch)
    known = stage.known(stage.brought())[:1]
    stage.upset_where = lambda request: request.url.host.startswith("hacker-news")
    for flag in ("dead", "deleted"):
        stage.upset = lambda _request, flag=flag: httpx.Response(200, json={"id": 1, flag: True})
        assert [d.external_id for d in stage.connector().refetch(known).deletions] == [known[0].external_id]


# ── Reddit ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_people_wrote_is_words(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = brought(RedditFeedStage(monkeypatch))
    assert messages["t3_1pab01"].text == "Ich suche den Knopf & finde ihn nicht"
    assert messages["t3_1pab03"].text == "Danke für die neue Ansicht"
    assert not any("submitted by" in m.text or "[link]" in m.text for m in messages.values())


def test_a_comment_belongs_to_its_post(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = brought(RedditFeedStage(monkeypatch))
    comment = messages["t1_oq1c"]
    assert comment.thread_id == messages["t3_1pab01"].thread_id == "t3_1pab01"
    assert comment.subject == "Wo finde ich die Vertretungen?"
    assert comment.author and (comment.author.handle, comment.author.name) == ("ana_albers", "ana_albers")


def test_a_subreddit_has_two_feeds_and_a_word_one(monkeypatch: pytest.MonkeyPatch) -> None:
    connector = RedditFeedStage(monkeypatch).connector()
    assert [spec.name for spec in connector.streams()] == ["posts:kalender", "comments:kalender", "watch:brand.example"]
    assert connector.address("watch:a b&c").endswith("q=%22a%20b%26c%22")  # type: ignore[attr-defined]


def test_names_of_subreddits_are_taken_as_people_write_them() -> None:
    assert RedditFeedSetup(subreddits="r/selfhosted, /r/kalender/ ").subreddits == "selfhosted, kalender"
    for wrong in ("a/../b", "x y", "ü", "r/"):
        with pytest.raises(ValidationError):
            RedditFeedSetup(subreddits=wrong)
    with pytest.raises(ValidationError, match="subreddit or a word"):
        RedditFeedSetup()


# ── App Store ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_stars_stand_before_the_title(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = AppStoreFeedStage(monkeypatch)
    messages = brought(stage)
    assert messages[stage.name_of(stage.items[0])].subject == "★ Abzocke"
    assert messages[stage.name_of(stage.items[3])].subject == "★★★★★ Super"


def test_a_single_review_and_none_are_both_a_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = AppStoreFeedStage(monkeypatch)
    stage.items = stage.items[:1]
    assert len(brought(stage)) == 1
    stage.items = []
    assert not brought(stage)


def test_the_app_itself_is_no_review(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = AppStoreFeedStage(monkeypatch)
    count = len(stage.items)
    stage.items.insert(0, {"im:name": {"label": "Kalender"}, "id": {"label": "https://apps.apple.com/app"}})
    assert len(brought(stage)) == count


def test_an_app_that_is_not_there_needs_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = AppStoreFeedStage(monkeypatch)
    assert stage.checked().name == "Kalender für Vertretungen"
    stage.upset = lambda _request: httpx.Response(200, json={})
    with pytest.raises(NeedsPerson, match="app's number"):
        stage.checked()


def test_an_app_is_named_by_its_number_or_address() -> None:
    for typed in ("123456789", "id123456789", "https://apps.apple.com/de/app/x/id123456789?l=en"):
        assert AppStoreFeedSetup(app=typed).app == "123456789"
    for wrong in ("", "Kalender", "12", "https://apps.apple.com/de/app/x"):
        with pytest.raises(ValidationError):
            AppStoreFeedSetup(app=wrong)
    for wrong in ("", "deu", "d1", "de; us"):
        with pytest.raises(ValidationError):
            AppStoreFeedSetup(app="123456789", countries=wrong)
