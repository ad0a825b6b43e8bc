"""Google Play beyond the contract: the service account's signature, titles before a tab, and our one answer to each review."""

import json
from datetime import timedelta

import httpx
import pytest
import time_machine
from pydantic import ValidationError

from inbox.clock import now
from inbox.connectors.contract import NeedsPerson, OutgoingReply, Refused
from inbox.connectors.google_play import GooglePlaySetup
from tests.contract.stage_google_play import KEY, GooglePlayStage
from tests.contract.store_keys import RSA
from tests.unit.connectors.test_signed_jwt import opened


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> GooglePlayStage:
    return GooglePlayStage(monkeypatch)


def test_the_service_account_signs_for_itself(stage: GooglePlayStage) -> None:
    stage.brought()
    header, claims = opened(stage.signatures[0], RSA)
    assert header["kid"] == "key-1"
    assert claims["iss"] == KEY["client_email"]
    assert claims["aud"] == "https://oauth2.googleapis.com/token"
    assert claims["exp"] - claims["iat"] == 3_600


def test_a_token_is_used_for_its_hour(stage: GooglePlayStage) -> None:
    stage.brought()
    stage.brought()
    assert len(stage.signatures) == 1
    with time_machine.travel(now() + timedelta(minutes=58)):
        stage.brought()
    assert len(stage.signatures) == 2


def test_a_refused_token_is_replaced_once(stage: GooglePlayStage) -> None:
    def refuse_once(_request: httpx.Request) -> httpx.Response:
        stage.upset = None
        return stage.unauthorised()

    stage.upset = refuse_once
    assert stage.brought()[0].messages
    assert len(stage.signatures) == 2


def test_a_key_that_google_refuses_needs_a_person(stage: GooglePlayStage) -> None:
    stage.renewal_fails = httpx.Response(400, json={"error": "invalid_grant", "error_description": "Invalid JWT"})
    with pytest.raises(NeedsPerson, match="service account") as caught:
        stage.brought()
    assert "PRIVATE KEY" not in str(caught.value)


def test_stars_and_title_are_the_subject(stage: GooglePlayStage) -> None:
    messages = {m.external_id: m for batch in stage.brought() for m in batch.messages}
    assert messages["gp:AOqp905"].subject == "★★★★★ Love it"
    assert messages["gp:AOqp905"].text == "Now please add colours to shared lists."
    assert messages["gp:AOqp906"].subject == "★★"


def test_our_answer_comes_along_below_its_review(stage: GooglePlayStage) -> None:
    (ours,) = (m for batch in stage.brought() for m in batch.messages if m.author and m.author.is_us)
    assert (ours.external_id, ours.parent_id) == ("gp:AOqp903:developer", "gp:AOqp903")


def test_an_answer_comes_back_under_the_id_it_was_sent_with(stage: GooglePlayStage) -> None:
    review = next(m for m in stage.brought()[0].messages if m.external_id == "gp:AOqp901")
    receipt = stage.connector().send(stage.reply_to(review, "Unter Menü, Plan."))
    found = {m.external_id: m.text for batch in stage.brought() for m in batch.messages}
    assert found[receipt.external_id] == "Unter Menü, Plan."


def test_an_app_without_reviews_is_no_error(stage: GooglePlayStage) -> None:
    stage.items = []
    assert not any(batch.fetched for batch in stage.brought())


def test_an_unknown_app_needs_a_person(stage: GooglePlayStage) -> None:
    stage.upset = lambda _request: httpx.Response(404, json={"error": {"code": 404, "message": "Package not found"}})
    with pytest.raises(NeedsPerson, match="no app of this name"):
        stage.brought()


@pytest.mark.parametrize(
    "key",
    ["", "[]", "{}", json.dumps({**KEY, "private_key": "x"}), json.dumps({**KEY, "client_email": 3}), "[" * 9_000],
)
def test_what_is_no_key_file_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        GooglePlaySetup(package="de.garten.kalender", service_account=key)
    assert "client_email" not in str(caught.value)


def test_nothing_is_sent_to_a_review_without_a_name(stage: GooglePlayStage) -> None:
    with pytest.raises(Refused):
        stage.connector().send(OutgoingReply("k", "Danke", "t", "p", {}))
