"""App Store Connect beyond the contract: short-lived signatures, our one answer to each review, and Apple's own words."""

import json
from datetime import datetime

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors.app_store_connect import AppStoreConnectSetup
from inbox.connectors.contract import Known, NeedsPerson, OutgoingReply, Refused
from tests.contract.stage_app_store_connect import AppStoreConnectStage
from tests.contract.store_keys import ELLIPTIC
from tests.unit.connectors.test_signed_jwt import opened


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> AppStoreConnectStage:
    return AppStoreConnectStage(monkeypatch)


def test_a_token_is_signed_for_a_quarter_of_an_hour(stage: AppStoreConnectStage) -> None:
    stage.brought()
    token = stage.requests[-1].headers["Authorization"].removeprefix("Bearer ")
    header, claims = opened(token, ELLIPTIC)
    assert header == {"alg": "ES256", "kid": "2X9R4HXF34", "typ": "JWT"}
    assert claims["aud"] == "appstoreconnect-v1"
    assert claims["exp"] - claims["iat"] == 15 * 60


def test_our_answer_comes_along_below_its_review(stage: AppStoreConnectStage) -> None:
    (ours,) = (m for batch in stage.brought() for m in batch.messages if m.author and m.author.is_us)
    assert (ours.external_id, ours.parent_id, ours.text) == (
        "00000019-1",
        "00000018-903",
        "Yes, since version 4.2.",
    )


def test_a_review_that_is_answered_later_comes_again_with_its_answer(stage: AppStoreConnectStage) -> None:
    cursor = stage.brought()[-1].cursor
    review = stage.items[0]
    answer = {"responseBody": "Wir sehen nach.", "lastModifiedDate": "2026-11-20T13:00:00Z"}
    stage.answers[review["id"]] = {"type": "customerReviewResponses", "id": "00000019-7", "attributes": answer}
    linked = {"relationships": {"response": {"data": {"type": "customerReviewResponses", "id": "00000019-7"}}}}
    stage.items[0] = {**review, **linked}
    found = [m.external_id for batch in stage.brought(cursor) for m in batch.messages]
    assert found == ["00000018-906", "00000019-7"]


def test_stars_and_title_are_the_subject(stage: AppStoreConnectStage) -> None:
    messages = {m.external_id: m for batch in stage.brought() for m in batch.messages}
    assert messages["00000018-905"].subject == "★★★★★ Love it"


def test_an_answer_is_asked_for_again_at_its_review(stage: AppStoreConnectStage) -> None:
    again = stage.connector().refetch([Known("00000019-1", "00000018-903", {"review_id": "00000018-903"})])
    assert [m.external_id for m in again.messages] == ["00000019-1"]


def test_apples_reason_is_told(stage: AppStoreConnectStage) -> None:
    review = stage.brought()[0].messages[0]
    stage.upset, stage.upset_where = (lambda _request: stage.refusal()), stage.is_send
    with pytest.raises(Refused, match="This is the reason"):
        stage.connector().send(stage.reply_to(review))


def test_an_unknown_app_needs_a_person(stage: AppStoreConnectStage) -> None:
    stage.upset = lambda _request: httpx.Response(404, json={"errors": [{"status": "404", "code": "NOT_FOUND"}]})
    with pytest.raises(NeedsPerson, match="no app of this number"):
        stage.brought()


def test_the_answer_is_written_as_apple_wants_it(stage: AppStoreConnectStage) -> None:
    review = next(m for m in stage.brought()[0].messages if m.external_id == "00000018-901")
    receipt = stage.connector().send(stage.reply_to(review, "Unter Menü, Plan."))
    data = json.loads(stage.requests[-1].content)["data"]
    assert data["relationships"]["review"]["data"] == {"type": "customerReviews", "id": "00000018-901"}
    assert receipt.external_id == "00000019-2"


def test_an_older_answer_with_the_same_words_is_not_taken_for_this_one(stage: AppStoreConnectStage) -> None:
    reply = OutgoingReply(
        "k",
        "Yes, since version 4.2.",
        "00000018-903",
        "00000018-903",
        {"review_id": "00000018-903"},
        created_at=datetime.fromisoformat("2026-11-21T08:00:00+00:00"),
    )
    assert stage.connector().find_sent(reply) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("app", "id12"), ("issuer_id", "no"), ("key_id", "short"), ("private_key", "MIGTAgEAMBMG")],
)
def test_a_setting_in_the_wrong_form_is_named_and_not_told(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AppStoreConnectSetup(**{**AppStoreConnectStage.settings, field: value})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]
    assert value not in str(caught.value)
