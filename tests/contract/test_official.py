"""Every recorded answer is as the platform's official contract has it. That what is asked is, too, every contract test checks."""

from pathlib import Path

import pytest

from inbox.connectors.contract import Act
from tests.contract.official import check_all
from tests.contract.stage import Stage
from tests.contract.test_acting import act_on
from tests.contract.test_sending import ANSWER, question
from tests.contract.traits import acting, edits, needs, official, polled, refetched, searched, sending

pytestmark = needs(official)


@pytest.fixture(autouse=True)
def with_contracts(shared: Path, stage: Stage) -> None:
    """The contracts are here, and answers are held against them too."""
    stage.checks_answers = True


def test_what_a_check_is_answered(stage: Stage) -> None:
    account = stage.checked()
    assert account.name


@needs(polled)
def test_what_polls_are_answered(stage: Stage) -> None:
    for spec in stage.connector().streams():
        list(stage.connector().poll(spec.name, None, None))
    assert stage.requests


@needs(polled, edits)
def test_what_a_second_look_is_answered(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    with stage.later():
        stage.brought(cursor)


@needs(refetched)
def test_what_asking_again_is_answered(stage: Stage) -> None:
    known = stage.known(stage.brought())[: stage.connector().capabilities.refetches]
    assert stage.connector().refetch(known).fetched


@needs(sending, searched)
def test_what_an_answer_is_answered(stage: Stage) -> None:
    reply = stage.reply_to(question(stage), ANSWER)
    assert stage.connector().send(reply).external_id
    assert stage.connector().find_sent(reply)


@needs(acting)
def test_what_acts_are_answered(stage: Stage) -> None:
    for name in sorted(stage.connector().capabilities.acts - set(stage.no_act)):
        act: Act = act_on(stage, name)
        stage.connector().act(act)


def test_the_contract_would_notice(stage: Stage) -> None:
    """A request that the platform does not have is a violation; so the checks above can fail."""
    stage.checked()
    real = stage.requests[-1]
    strange = type(real)("PATCH", real.url.copy_with(path="/no/such/path", query=None))
    assert check_all(stage.official, strange, None)
