"""Matrix: what many messages answer is asked for as long as they can wait for it."""

from typing import Any

import httpx
import pytest

from inbox.connectors import matrix_poll
from inbox.connectors.contract import IncomingMessage
from tests.contract.stage_matrix import ROOM, MatrixStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> MatrixStage:
    return MatrixStage(monkeypatch)


def brought(stage: MatrixStage, answered: list[str]) -> tuple[list[IncomingMessage], int]:
    """What a sync with an answer to each of these brings, and how many events were asked for."""
    events = []
    for number, above in enumerate(answered):
        event: dict[str, Any] = stage.named(stage.items[0], f"answer{number}")
        relation = {"m.relates_to": {"m.in_reply_to": {"event_id": above}}}
        events.append({**event, "content": {**event["content"], **relation}})
    timeline = {"events": events, "limited": False, "prev_batch": "p1"}
    body = {"next_batch": "s9", "rooms": {"join": {ROOM: {"timeline": timeline, "state": {"events": []}}}}}
    stage.upset, stage.upset_where = (lambda _request: httpx.Response(200, json=body)), stage.is_poll
    batches = stage.brought()
    asked = sum("/event/" in request.url.path for request in stage.requests)
    return [message for batch in batches for message in batch.messages], asked


def test_a_busy_room_does_not_wait_for_all_that_it_answers(stage: MatrixStage) -> None:
    found, asked = brought(stage, [f"$gone{number}:garten.example" for number in range(300)])
    assert len(found) == 300
    assert {message.thread_id for message in found} == {message.parent_id for message in found}
    assert asked == matrix_poll.ASKED


def test_nor_for_a_server_that_takes_its_time(stage: MatrixStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_poll, "ASKED_SECONDS", 0.0)
    found, asked = brought(stage, ["$gone:garten.example"])
    assert (len(found), asked) == (1, 0)


def test_what_is_not_there_is_asked_for_once(stage: MatrixStage) -> None:
    found, asked = brought(stage, ["$gone:garten.example"] * 30)
    assert (len(found), asked) == (30, 1)
