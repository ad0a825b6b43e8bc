"""That something asked for again is gone is believed only while the place where it stood is still seen."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx
import pytest

from inbox.connectors.believed import believed
from inbox.connectors.contract import Known, Passing
from tests.contract.stage import Stage
from tests.contract.stage_facebook import FacebookStage
from tests.contract.stage_instagram import InstagramStage
from tests.contract.stage_mastodon import MastodonStage
from tests.contract.stage_reddit import RedditStage
from tests.contract.stage_wordpress import COMMENTS, WordPressStage

PRIVATE = httpx.Response(403, json={"reason": "private", "message": "Forbidden", "error": 403})
BANNED = httpx.Response(404, json={"reason": "banned", "message": "Not Found", "error": 404})
NO_ROUTE = httpx.Response(404, json={"code": "rest_no_route", "message": "No route was found."})
OBJECT_OR_RIGHT = {"error": {"code": 100, "error_subcode": 33, "message": "does not exist or missing permissions"}}


def known(stage: Stage) -> list[Known]:
    return stage.known(stage.brought())


def gone(stage: Stage, asked: Sequence[Known]) -> list[str]:
    return [each.external_id for each in believed(stage.connector(), asked).deletions]


def shut(stage: Stage, is_shut: Callable[[httpx.Request], bool], answer: httpx.Response) -> None:
    stage.upset_where = is_shut
    stage.upset = lambda _request: httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)


@pytest.mark.parametrize("answer", [PRIVATE, BANNED])
def test_a_subreddit_that_is_shut_is_no_deletion(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> None:
    stage = RedditStage(monkeypatch)
    asked = known(stage)
    stage.items = []
    shut(stage, lambda request: request.url.path == "/r/kalender/about", answer)
    with pytest.raises(Passing, match="Nothing was taken for deleted"):
        gone(stage, asked)
    stage.upset = None
    assert gone(stage, asked) == [each.external_id for each in asked]


def test_a_site_that_answers_with_empty_lists_has_deleted_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = WordPressStage(monkeypatch)
    asked = known(stage)
    everything, stage.items = stage.items, []
    shut(stage, lambda request: f"{COMMENTS}/" in request.url.path, NO_ROUTE)
    with pytest.raises(Passing, match="no comments at all"):
        gone(stage, asked)
    stage.upset = None
    stage.items = everything[:1]
    assert gone(stage, asked) == [
        each.external_id for each in asked if each.external_id != stage.name_of(everything[0])
    ]


def test_a_poll_that_looks_again_is_as_careful(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = WordPressStage(monkeypatch)
    cursor = list(stage.connector().poll("approved", None, None))[-1].cursor
    stage.items = []
    shut(stage, lambda request: f"{COMMENTS}/" in request.url.path, NO_ROUTE)
    with pytest.raises(Passing, match="no comments at all"):
        list(stage.connector().poll("approved", {**cursor, "looked_at": "2020-01-01T00:00:00+00:00"}, None))


@pytest.mark.parametrize(("kind", "edge"), [(FacebookStage, "/feed"), (InstagramStage, "/media")])
def test_metas_one_answer_for_two_things_is_no_deletion_while_the_right_is_missing(
    monkeypatch: pytest.MonkeyPatch, kind: Callable[[pytest.MonkeyPatch], Stage], edge: str
) -> None:
    stage = kind(monkeypatch)
    asked = known(stage)
    stage.items = []
    shut(stage, lambda request: request.url.path.endswith(edge), httpx.Response(400, json=OBJECT_OR_RIGHT))
    with pytest.raises(Passing, match="Nothing was taken for deleted"):
        gone(stage, asked)
    stage.upset = None
    assert gone(stage, asked) == [each.external_id for each in asked]


def test_one_that_is_still_there_proves_the_connection_but_not_the_place_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = FacebookStage(monkeypatch)
    asked = [*known(stage), *(Known(f"m_{number}", "t_301", {"person_id": "7011"}) for number in range(3))]
    shut(stage, lambda request: request.url.path.endswith("/conversations"), httpx.Response(400, json=OBJECT_OR_RIGHT))
    batch = believed(stage.connector(), asked)
    assert ([m.external_id for m in batch.messages], batch.deletions) == ([each.external_id for each in asked[:-3]], [])
    stage.upset = None
    assert gone(stage, asked) == ["m_0", "m_1", "m_2"]


def test_a_subreddit_that_is_shut_beside_an_open_one_is_no_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = RedditStage(monkeypatch)
    there = known(stage)
    asked = [*there, Known("t1_garden", "t3_garden", {"subreddit": "garten"})]
    shut(stage, lambda request: request.url.path == "/r/garten/about", PRIVATE)
    assert gone(stage, asked) == []
    shut(stage, lambda request: request.url.path == "/r/kalender/about", PRIVATE)
    stage.items = stage.items[1:]
    assert gone(stage, there) == [], "what stands there is not seen, whoever else is"


def test_a_deletion_is_believed_where_its_place_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = FacebookStage(monkeypatch)
    asked = known(stage)
    stage.items = stage.items[:1]
    before = len(stage.requests)
    assert len(gone(stage, asked)) == len(asked) - 1
    assert len(stage.requests) - before == len(asked) + 1, "the page is looked at once"


def test_who_knows_no_places_is_looked_at_when_more_than_half_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = MastodonStage(monkeypatch)
    (first, *_) = known(stage)
    checked = []
    monkeypatch.setattr("inbox.connectors.mastodon.Mastodon.check", lambda _self: checked.append(1))
    lost = Known("90001", "90001", first.handle)
    assert gone(stage, [first, lost]) == ["90001"]
    assert checked == []
    assert len(gone(stage, [first, lost, replace(lost, external_id="90002")])) == 2
    assert checked == [1]
