"""A token that runs out during a run: it is renewed once and kept before it is used, or a person is asked for."""

import json
from datetime import timedelta

import httpx
import pytest

from inbox.clock import now
from inbox.connectors.contract import NeedsPerson, SignIn
from tests.contract.stage import Stage
from tests.contract.test_reading import names
from tests.contract.traits import needs, polled, renewed, renewing


def sign_in_of(stage: Stage) -> SignIn:
    sign_in = stage.connector().sign_in()
    assert sign_in is not None
    return sign_in


def expiring(stage: Stage, *, minutes: float) -> None:
    """The token ends in so many minutes."""
    state = stage.memory.load()
    ends = (now() + timedelta(minutes=minutes)).isoformat()
    stage.memory.save({**state, "tokens": {**state["tokens"], "expires_at": ends}})


def renewals(stage: Stage) -> list[httpx.Request]:
    return [request for request in stage.requests if str(request.url).startswith(sign_in_of(stage).token_url)]


@needs(renewed, polled)
def test_a_token_that_is_about_to_end_is_renewed_before_it_is_used(stage: Stage) -> None:
    expiring(stage, minutes=1)
    assert len(names(stage.brought())) == len(stage.items)
    assert len(renewals(stage)) == 1
    assert stage.memory.load()["tokens"]["access_token"] == stage.fresh_tokens()["access_token"]
    assert stage.brought()
    assert len(renewals(stage)) == 1


@needs(renewed, polled)
def test_a_token_that_is_refused_during_a_run_is_renewed_once(stage: Stage) -> None:
    def refuse_once(request: httpx.Request) -> httpx.Response:
        stage.upset = None
        return stage.unauthorised()

    stage.upset = refuse_once
    assert len(names(stage.brought())) == len(stage.items)
    assert len(renewals(stage)) == 1


@needs(renewed, polled)
def test_a_token_that_is_refused_for_good_needs_a_person(stage: Stage) -> None:
    stage.upset = lambda _request: stage.unauthorised()
    with pytest.raises(NeedsPerson):
        stage.brought()
    assert len(renewals(stage)) <= 1


@needs(renewed, polled)
@pytest.mark.parametrize("status", [400, 401])
def test_a_renewal_that_is_refused_needs_a_person(stage: Stage, status: int) -> None:
    expiring(stage, minutes=-1)
    stage.renewal_fails = httpx.Response(status, json={"error": "invalid_grant"})
    with pytest.raises(NeedsPerson, match=r"[Ss]ign in"):
        stage.brought()


@needs(renewed, polled)
def test_without_a_token_a_person_must_sign_in(stage: Stage) -> None:
    stage.memory.save({})
    with pytest.raises(NeedsPerson, match=r"[Ss]ign in"):
        stage.brought()


@needs(renewing)
def test_a_token_is_kept_and_another_is_fetched_only_for_one_that_was_refused(stage: Stage) -> None:
    first = stage.connector().refresh_auth()
    asked = len(stage.requests)
    assert stage.connector().refresh_auth() == first
    assert len(stage.requests) == asked
    fresh = stage.connector().refresh_auth(first)
    assert len(stage.requests) > asked
    assert fresh in json.dumps(stage.memory.state), "kept before it is used"
