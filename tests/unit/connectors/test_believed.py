"""That most of what is asked for again is gone is believed only while the place where it stood is still seen."""

from collections.abc import Callable, Sequence

import httpx
import pytest

from inbox.connectors.believed import believed
from inbox.connectors.contract import Known, Passing
from tests.contract.stage import Stage
from tests.contract.stage_facebook import FacebookStage
from tests.contract.stage_instagram import InstagramStage
from tests.contract.stage_reddit import RedditStage
from tests.contract.stage_wordpress import COMMENTS, WordPressStage

PRIVATE = httpx.Response(403, json={"reason": "private", "message": "Forbidden", "error": 403})
BANNED = httpx.Response(404, json={"reason": "banned", "message": "Not Found", "error": 404})
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
    with pytest.raises(Passing, match="no comments at all"):
        gone(stage, asked)
    stage.items = everything[:1]
    assert gone(stage, asked) == [
        each.external_id for each in asked if each.external_id != stage.name_of(everything[0])
    ]


def test_a_poll_that_looks_again_is_as_careful(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = WordPressStage(monkeypatch)
    cursor = list(stage.connector().poll("approved", None, None))[-1].cursor
    stage.items = []
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


def test_one_that_is_still_there_proves_the_right_for_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = FacebookStage(monkeypatch)
    asked = known(stage)
    stage.items = stage.items[:1]
    before = len(stage.requests)
    assert len(gone(stage, asked)) == len(asked) - 1
    assert len(stage.requests) - before == len(asked)


def test_more_than_half_of_many_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = WordPressStage(monkeypatch)
    first = known(stage)[0]
    asked = [first, *(Known(str(90_000 + number), "t", {}) for number in range(10))]
    paths = []
    monkeypatch.setattr("inbox.connectors.wordpress.WordPress.reach", lambda _self, some: paths.append(len(some)))
    assert len(gone(stage, asked[:9])) == 8
    assert paths == []
    assert len(gone(stage, asked)) == 10
    assert paths == [11]
    assert COMMENTS in stage.requests[-1].url.path
