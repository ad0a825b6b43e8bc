"""LinkedIn beyond the contract: lists in any order, answers below comments, two quiet days, versions, scopes, two levels."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.contract import Act, ActName, Batch, IncomingMessage, NeedsPerson, OutgoingReply, Passing
from inbox.connectors.linkedin import LinkedIn
from inbox.connectors.linkedin_poll import PASSES
from tests.contract.stage_linkedin import LAST, POST, THING, US, LinkedInStage, said


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> LinkedInStage:
    return LinkedInStage(monkeypatch)


def messages(batches: list[Batch]) -> list[IncomingMessage]:
    return [message for batch in batches for message in batch.messages]


def asked(stage: LinkedInStage) -> list[str]:
    """What has been asked for since the last time."""
    paths = [request.url.path.removeprefix("/rest") for request in stage.requests]
    stage.requests.clear()
    return paths


def answer(number: str, text: str, below: str = LAST) -> Any:
    """Somebody's answer to a comment."""
    stamp = {"actor": "urn:li:person:Mm4", "time": 1_795_176_000_000}
    name = f"urn:li:comment:({THING},{number})"
    about = {"object": THING, "parentComment": below, "commentUrn": name, "id": number}
    times = {"created": stamp, "lastModified": stamp}
    return {"actor": "urn:li:person:Mm4", "message": {"text": text, "attributes": []}, **about, **times}


def reply(message: IncomingMessage, text: str = "Unter Menü, Plan.") -> OutgoingReply:
    return OutgoingReply("k", text, message.thread_id, message.external_id, message.reply_handle)


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_new_comments_are_found_whatever_the_order(stage: LinkedInStage, is_newest_first: bool) -> None:
    stage.items.sort(key=stage.name_of, reverse=is_newest_first)
    cursor = stage.brought()[-1].cursor
    fresh = stage.named(stage.items[0], "73990")
    stage.pages = [[fresh, *stage.items[:3]], stage.items[3:]] if is_newest_first else [stage.items, [fresh]]
    assert [m.external_id for m in messages(stage.brought(cursor))] == [stage.name_of(fresh)]


def test_answers_below_a_comment_belong_to_its_conversation(stage: LinkedInStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.answers += [answer("73991", "Das frage ich mich auch."), answer("73992", "Me too")]
    batches = stage.brought(cursor)
    assert [(m.text, m.thread_id, m.parent_id) for m in messages(batches)] == [
        ("Das frage ich mich auch.", LAST, LAST),
        ("Me too", LAST, LAST),
    ]
    assert not any(batch.fetched for batch in stage.brought(batches[-1].cursor))


def test_the_last_answer_that_goes_is_told(stage: LinkedInStage) -> None:
    stage.answers.append(answer("73991", "Das frage ich mich auch."))
    cursor = stage.brought()[-1].cursor
    stage.answers.clear()
    gone = [deletion.external_id for batch in stage.brought(cursor) for deletion in batch.deletions]
    assert gone == [f"urn:li:comment:({THING},73991)"]


def test_an_answer_brings_the_older_comment_that_it_is_about(stage: LinkedInStage) -> None:
    stage.answers.append(answer("73991", "Das frage ich mich auch."))
    found = [m.external_id for m in messages(stage.brought(since=datetime(2026, 11, 20, 11, 30, tzinfo=UTC)))]
    assert found[-2:] == [LAST, f"urn:li:comment:({THING},73991)"]


def test_a_comment_that_vanishes_from_the_list_alone_is_not_deleted(stage: LinkedInStage) -> None:
    cursor = stage.brought()[-1].cursor
    stage.pages = [stage.items[1:]]
    assert not any(batch.deletions for batch in stage.brought(cursor))
    assert f"/socialActions/{POST}/comments/{stage.items[0]['id']}" in asked(stage)


def test_after_two_quiet_days_only_counts_are_asked_for(stage: LinkedInStage) -> None:
    cursor = stage.brought()[-1].cursor
    asked(stage)
    with stage.later(timedelta(minutes=90)):
        cursor = stage.brought(cursor)[-1].cursor
        assert asked(stage) == ["/posts", "/socialMetadata", f"/socialActions/{POST}/comments"]
    with stage.later(timedelta(hours=49)):
        stage.brought(cursor)
        assert asked(stage) == ["/posts", "/socialMetadata"]


def test_a_reading_that_is_killed_begins_anew_although_the_count_is_the_same(stage: LinkedInStage) -> None:
    cursor = stage.brought()[-1].cursor
    fresh = [stage.named(stage.items[0], f"7399{number}") for number in range(3)]
    stage.pages = [[*fresh[:2], *stage.items], fresh[2:]]
    first = next(iter(stage.connector().poll("comments", cursor, None)))
    found = [*first.messages, *messages(stage.brought(first.cursor))]
    assert [message.external_id for message in found] == list(map(stage.name_of, fresh))


def test_posts_without_a_count_are_not_taken_for_posts_without_comments(stage: LinkedInStage) -> None:
    stage.upset = lambda _request: httpx.Response(200, json={"results": {}, "statuses": {}, "errors": {}})
    stage.upset_paths = {"/rest/socialMetadata"}
    with pytest.raises(Passing, match="how many comments"):
        stage.brought()


def test_a_post_that_has_just_been_deleted_keeps_nobody_from_the_others(stage: LinkedInStage) -> None:
    stage.upset, stage.upset_paths = (lambda _request: said(404, "NOT_FOUND")), {stage.poll_path}
    (batch,) = stage.brought()
    assert not batch.fetched
    stage.upset = None
    assert len(messages(stage.brought(batch.cursor))) == len(stage.items)


def test_members_are_known_by_number_and_the_post_says_what_it_is_about(stage: LinkedInStage) -> None:
    message = messages(stage.brought())[0]
    assert message.subject == "Die neue Wochenansicht ist da (und druckt sich schöner) – mit Beispielgarten #garten"
    assert message.author is not None
    assert (message.author.external_id, message.author.handle) == ("urn:li:person:kQ3nVw81Za", "kQ3nVw81Za")
    assert not message.author.is_us


def test_an_answer_to_an_answer_stands_below_the_first_comment(stage: LinkedInStage) -> None:
    stage.answers.append(answer("73991", "Das frage ich mich auch."))
    asks = next(m for m in messages(stage.brought()) if m.parent_id)
    receipt = stage.connector().send(reply(asks))
    assert json.loads(stage.requests[-1].content)["parentComment"] == LAST
    ours = next(m for m in messages(stage.brought()) if m.external_id == receipt.external_id)
    assert ours.author is not None and ours.author.is_us
    assert ours.author.external_id == US


def test_deleting_takes_the_comment_away(stage: LinkedInStage) -> None:
    message = messages(stage.brought())[0]
    stage.connector().act(Act("k", ActName.DELETE, message.external_id, "", message.reply_handle))
    assert message.external_id not in [m.external_id for m in messages(stage.brought())]


@pytest.mark.parametrize("answered", [said(426, "NONEXISTENT_VERSION"), said(400, "NONEXISTENT_VERSION")])
def test_a_retired_version_is_named(stage: LinkedInStage, answered: httpx.Response) -> None:
    stage.upset = lambda _request: answered
    with pytest.raises(NeedsPerson, match="202607"):
        stage.brought()


def test_an_app_without_approval_hears_what_is_missing(stage: LinkedInStage) -> None:
    stage.upset, stage.upset_where = (lambda _request: said(403, "ACCESS_DENIED")), lambda _request: True
    with pytest.raises(NeedsPerson, match="Community Management API"):
        stage.connector().check()


def test_the_page_is_told_with_its_latest_comments(stage: LinkedInStage) -> None:
    account = stage.checked()
    assert (account.name, account.external_id) == ("Garten App", "24681012")
    assert [message.external_id for message in account.latest] == [stage.name_of(item) for item in stage.items[:3]]


def test_a_consent_for_reading_only_offers_no_answers(stage: LinkedInStage) -> None:
    assert stage.connector().describe().replies
    tokens = {**stage.memory.load()["tokens"], "scopes": ["r_organization_social", "r_organization_social_feed"]}
    stage.memory.save({"tokens": tokens})
    offered = stage.connector().describe()
    assert not offered.replies and not offered.acts
    assert offered.because["replies"] == offered.because[ActName.DELETE]


def test_the_consent_asks_for_what_the_form_says(stage: LinkedInStage) -> None:
    settings = {**stage.settings, "scopes": "r_organization_social,  w_organization_social r_organization_social"}
    connector = LinkedIn(LinkedIn.setup(**settings), stage.connector().surroundings)
    asking = connector.sign_in()
    assert asking is not None
    assert asking.scopes == ("r_organization_social", "w_organization_social")


@pytest.mark.parametrize(
    "wrong", [{"scopes": " , "}, {"scopes": "a&b=c"}, {"api_version": "202613"}, {"organization_id": "garten"}]
)
def test_a_form_that_cannot_work_is_refused(stage: LinkedInStage, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LinkedIn.setup(**{**stage.settings, **wrong})


def test_what_members_write_is_kept_for_two_days_and_who_they_are_for_one() -> None:
    assert (LinkedIn.retention.text_hours, LinkedIn.retention.author_hours) == (48, 24)
    assert not LinkedIn.capabilities.allows_training


def test_a_list_that_moves_all_the_time_ends(stage: LinkedInStage) -> None:
    stage.pages = [stage.items[:3], stage.items[3:]]
    listed = stage._listed

    def moving(below: str, query: httpx.QueryParams) -> httpx.Response:
        assert stage.pages is not None
        stage.pages[0] = [stage.named(stage.items[0], f"7{len(stage.requests):04d}"), *stage.pages[0]]
        return listed(below, query)

    stage._listed = moving  # type: ignore[method-assign]
    assert set(map(stage.name_of, stage.items)) <= {message.external_id for message in messages(stage.brought())}
    assert asked(stage).count(f"/socialActions/{POST}/comments") == PASSES * len(stage.pages)
