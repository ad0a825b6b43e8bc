"""Reddit: what is gone, what waits for moderators, whose words are whose, and refusals that come with 200."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.clock import now
from inbox.connectors.contract import Act, ActName, Gone, IncomingMessage, NeedsPerson, RateLimited, Refused, Visibility
from inbox.connectors.reddit import RedditSetup
from tests.contract.stage_reddit import RedditStage, told

ASKED = Act("k", ActName.BAN, "t1_nxa10a", "jonas_kiel", {"name": "t1_nxa10a", "author": "Jonas_Kiel", "subreddit": "kalender"})  # fmt: skip


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> RedditStage:
    return RedditStage(monkeypatch)


def brought(stage: RedditStage, stream: str, since: datetime | None = None) -> dict[str, IncomingMessage]:
    batches = stage.connector().poll(stream, None, since)
    return {m.external_id: m for batch in batches for m in batch.messages}


def form_of(stage: RedditStage) -> dict[str, str]:
    return dict(httpx.QueryParams(stage.requests[-1].content.decode()))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_an_answer_in_the_inbox_answers_is_asked_for(stage: RedditStage) -> None:
    answer = brought(stage, "inbox")["t1_nxa10a"]
    (ours,) = stage.connector().thread([answer]).messages
    assert answer.thread_id == ours.thread_id == ours.external_id == "t3_1pq9aa"
    assert ours.author and ours.author.is_us
    assert answer.author and not answer.author.is_us
    assert answer.url == "https://www.reddit.com/r/kalender/comments/1pq9aa/kalender/nxa10a/"


def test_what_is_older_than_the_wanted_past_is_not_brought_along_either(stage: RedditStage) -> None:
    since = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert list(brought(stage, "inbox", since)) == ["t1_nxa10a"]


def test_what_reddit_does_not_give_is_missing_and_private_messages_are_not_asked_for(stage: RedditStage) -> None:
    answer = brought(stage, "inbox")["t1_nxa10a"]
    told = stage.connector().thread([replace(answer, parent_id=name) for name in ("t1_zzzzz", "t4_2h7ab1")])
    assert [gone.external_id for gone in told.deletions] == ["t1_zzzzz"]
    assert stage.requests[-1].url.params["id"] == "t1_zzzzz"


def test_a_private_message_is_a_conversation_of_its_own(stage: RedditStage) -> None:
    message = brought(stage, "inbox")["t4_2h7ab1"]
    assert (message.thread_id, message.visibility) == ("t4_2h7ab1", Visibility.DIRECT)
    assert message.subject == "Rechnung für die Schule"


def test_a_link_says_its_title_and_where_it_leads(stage: RedditStage) -> None:
    message = brought(stage, "posts:kalender")["t3_1pq9bb"]
    assert message.text == message.subject == "Ein Kalender für Vertretungen"
    assert message.quote == "https://brand.example/vertretung"


def test_what_waits_for_moderators_is_read_however_old_it_is(stage: RedditStage) -> None:
    assert list(brought(stage, "queue:kalender", now())) == ["t1_nxa0f0"]


@pytest.mark.parametrize(
    "change",
    [
        {"body": "[removed]", "body_html": "<p>[removed]</p>", "can_mod_post": False},
        {"removed_by_category": "moderator", "can_mod_post": False},
        {"removed_by_category": "deleted"},
        {"author": "[deleted]", "body": "[deleted]", "body_html": "<p>[deleted]</p>"},
    ],
)
def test_an_empty_place_is_no_message_and_later_a_deletion(stage: RedditStage, change: dict[str, Any]) -> None:
    known = stage.known(stage.brought())
    stage.items[1]["data"] |= change
    assert "t1_nxa10d" not in brought(stage, stage.stream)
    assert [d.external_id for d in stage.connector().refetch(known).deletions] == ["t1_nxa10d"]


def test_the_words_of_a_deleted_account_are_erased(stage: RedditStage) -> None:
    known = stage.known(stage.brought())
    stage.items[1]["data"]["author"] = "[deleted]"
    assert [d.external_id for d in stage.connector().refetch(known).deletions] == ["t1_nxa10d"]


def test_what_a_moderator_took_away_is_not_gone_for_moderators(stage: RedditStage) -> None:
    known = stage.known(stage.brought())
    stage.items[1]["data"] |= {"removed_by_category": "moderator", "can_mod_post": True}
    assert not stage.connector().refetch(known).deletions


def test_private_messages_are_not_asked_for_again(stage: RedditStage) -> None:
    known = [replace(stage.known(stage.brought())[0], external_id="t4_2h7ab1")]
    asked = len(stage.requests)
    assert stage.connector().refetch(known).fetched == 0
    assert len(stage.requests) == asked


# ── answering and acting ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Looks like you've been doing that a lot. Take a break for 9 minutes before trying again.", 540),
        ("Take a break for 5 seconds before trying again.", 5),
        ("Later.", 60),
    ],
)
def test_patience_is_asked_for_with_200(stage: RedditStage, words: str, seconds: float) -> None:
    reply = stage.reply_to(brought(stage, stage.stream)["t1_nxa10a"])
    stage.upset, stage.upset_where = (lambda _request: told("RATELIMIT", words)), stage.is_send
    with pytest.raises(RateLimited) as caught:
        stage.connector().send(reply)
    assert caught.value.retry_after == seconds


def test_what_was_deleted_meanwhile_takes_no_answer(stage: RedditStage) -> None:
    reply = stage.reply_to(brought(stage, stage.stream)["t1_nxa10a"])
    stage.upset, stage.upset_where = (lambda _request: told("DELETED_COMMENT", "gone")), stage.is_send
    with pytest.raises(Gone):
        stage.connector().send(reply)


def test_an_answer_is_shown_as_it_was_typed(stage: RedditStage) -> None:
    text = "*Menü*\n1. Plan\n\nhttps://brand.example/a_b_c"
    stage.connector().send(stage.reply_to(brought(stage, stage.stream)["t1_nxa10a"], text))
    assert form_of(stage)["text"] == "\\*Menü\\*  \n1\\. Plan\n\nhttps://brand.example/a_b_c"


def test_a_locked_thread_is_told_before_anything_leaves(stage: RedditStage) -> None:
    reply = stage.reply_to(brought(stage, stage.stream)["t1_nxa10a"])
    with pytest.raises(Refused, match="locked"):
        stage.connector().validate(replace(reply, parent_handle={**reply.parent_handle, "is_locked": True}))


@pytest.mark.parametrize(
    ("name", "undo", "path", "spam"),
    [
        (ActName.DELETE, False, "/api/remove", "false"),
        (ActName.DELETE, True, "/api/approve", None),
        (ActName.MARK_SPAM, False, "/api/remove", "true"),
        (ActName.APPROVE, True, "/api/remove", "false"),
        (ActName.LOCK, True, "/api/unlock", None),
    ],
)
def test_only_spam_is_called_spam(stage: RedditStage, name: ActName, undo: bool, path: str, spam: str | None) -> None:
    stage.connector().act(replace(ASKED, name=name, undo=undo))
    assert stage.requests[-1].url.path == path
    assert (form_of(stage)["id"], form_of(stage).get("spam")) == ("t1_nxa10a", spam)


@pytest.mark.parametrize(("days", "told_days"), [(7, "7"), (0.01, "1"), (5_000, "999")])
def test_a_ban_ends_when_it_should_as_far_as_reddit_can(stage: RedditStage, days: float, told_days: str) -> None:
    stage.connector().act(replace(ASKED, until=now() + timedelta(days=days)))
    assert stage.requests[-1].url.path == "/r/kalender/api/friend"
    assert (form_of(stage)["type"], form_of(stage)["duration"]) == ("banned", told_days)


def test_without_an_end_a_ban_is_for_ever(stage: RedditStage) -> None:
    stage.connector().act(ASKED)
    assert "duration" not in form_of(stage)


def test_who_may_not_moderate_is_refused_and_the_channel_goes_on(stage: RedditStage) -> None:
    stage.upset_where = lambda request: request.method == "POST"
    stage.upset = lambda _request: httpx.Response(403, json={"message": "Forbidden", "error": 403})
    with pytest.raises(Refused, match="moderator"):
        stage.connector().act(ASKED)


# ── connecting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_check_tells_whose_account_it_is_and_where_it_moderates(stage: RedditStage) -> None:
    stage.memory.save({"tokens": stage.memory.load()["tokens"]})
    account = stage.connector().check()
    assert (account.name, account.external_id) == ("u/Brand_Team", "9k3bt")
    assert [message.external_id for message in account.latest] == ["t1_nxa10a", "t4_2h7ab1"]
    assert stage.memory.load()["moderates"] == ["kalender"]
    assert "queue:kalender" in [spec.name for spec in stage.connector().streams()]


def test_a_token_that_is_renewed_while_the_account_is_asked_for_stays(stage: RedditStage) -> None:
    stage.memory.save({"tokens": stage.memory.load()["tokens"]})
    stage.upset_where = lambda request: request.headers.get("Authorization") == "Bearer token-1"
    stage.upset = lambda _request: httpx.Response(401, json={"message": "Unauthorized", "error": 401})
    brought(stage, "inbox")
    assert stage.memory.load()["tokens"]["access_token"] != "token-1"
    assert stage.memory.load()["name"] == "Brand_Team"


def test_who_moderates_nothing_is_told_why_acts_are_missing(stage: RedditStage) -> None:
    stage.memory.save({**stage.memory.load(), "moderates": []})
    can = stage.connector().describe()
    assert can.acts == {ActName.REPORT}
    assert not can.undoable
    assert can.because[ActName.BAN]
    assert not [spec for spec in stage.connector().streams() if spec.name.startswith("queue")]


def test_reddit_is_told_who_calls(stage: RedditStage) -> None:
    stage.brought()
    assert stage.requests[-1].headers["User-Agent"] == "web:p-jcoLKBynTLew:v0.1 (by /u/Brand_Team)"


def test_without_a_name_nobody_is_signed_in(stage: RedditStage) -> None:
    stage.upset_where = lambda request: request.url.path == "/api/v1/me"
    stage.upset = lambda _request: httpx.Response(200, json={})
    with pytest.raises(NeedsPerson, match="sign in"):
        stage.connector().check()


@pytest.mark.parametrize("typed", ["a b/c", "x" * 25, "../etc"])
def test_what_is_no_subreddit_is_not_taken(typed: str) -> None:
    with pytest.raises(ValidationError, match="subreddit"):
        RedditSetup(client_id="abcdefgh", client_secret="secret", subreddits=typed)


def test_what_is_no_client_id_is_not_taken() -> None:
    with pytest.raises(ValidationError, match="client ID"):
        RedditSetup(client_id="zwei Wörter", client_secret="secret")
