"""Acts: done once or twice, undone once or twice, and refused before anything leaves where the platform has no such thing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.clock import now
from inbox.connectors.contract import Act, ActName, Refused
from tests.contract.stage import Stage
from tests.contract.test_sending import question
from tests.contract.traits import acting, needs

ALL = sorted(ActName)


def act_on(stage: Stage, name: ActName) -> Act:
    message = question(stage)
    author = message.author.external_id if message.author else ""
    return Act("act-1", name, message.external_id, author, json.loads(json.dumps(dict(message.reply_handle))), "spam")


def changes(stage: Stage) -> int:
    return sum(request.method != "GET" for request in stage.requests)


@needs(acting)
@pytest.mark.parametrize("name", ALL)
def test_an_act_can_be_done_twice_and_undone_twice(stage: Stage, name: ActName) -> None:
    connector = stage.connector()
    if name not in connector.capabilities.acts:
        pytest.skip(f"{stage.kind} has no such act; that it is refused is another test")
    if name in stage.no_act:
        pytest.skip(f"{stage.name or stage.kind}: {stage.no_act[name]}")
    act = act_on(stage, name)
    before = changes(stage)
    receipt = connector.act(act)
    assert changes(stage) > before
    connector.act(act)
    if name in connector.capabilities.undoable:
        undo = replace(act, undo=True, undo_state=json.loads(json.dumps(dict(receipt.state))))
        before = changes(stage)
        connector.act(undo)
        assert changes(stage) > before
        connector.act(undo)


@needs(acting)
@pytest.mark.parametrize("name", ALL)
def test_an_act_that_can_end_tells_the_platform_when(stage: Stage, name: ActName) -> None:
    if name not in stage.connector().capabilities.ends:
        pytest.skip(f"{stage.kind}: this is done for ever, or not at all")
    act = act_on(stage, name)
    told = set()
    for days in (0, 3, 7):
        stage.connector().act(replace(act, until=now() + timedelta(days=days) if days else None))
        told.add(next(r.content for r in reversed(stage.requests) if r.method != "GET"))
    assert len(told) == 3


@pytest.mark.parametrize("name", ALL)
def test_what_the_platform_does_not_have_is_refused_before_anything_leaves(stage: Stage, name: ActName) -> None:
    connector = stage.connector()
    capabilities = connector.capabilities
    act = Act("k", name, "m", "a", {})
    if name not in capabilities.acts:
        with pytest.raises(Refused):
            connector.act(act)
    if name not in capabilities.undoable:
        with pytest.raises(Refused):
            connector.act(replace(act, undo=True))
    assert not stage.requests
