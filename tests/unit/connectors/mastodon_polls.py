"""Polling the recorded Mastodon server, shared by the tests of its connector."""

import json
from typing import Any

from inbox.connectors.contract import IncomingMessage
from tests.contract.stage_mastodon import MastodonStage

LONG_AGO = "2020-01-01T00:00:00+00:00"
ANA, BO, SECRET, CY = "113500000000000201", "113500000000000305", "113500000000000377", "113500000000000412"


def polled(stage: MastodonStage, stream: str = "mentions", cursor: Any = None) -> dict[str, IncomingMessage]:
    """The messages of one poll by id."""
    return {m.external_id: m for batch in stage.connector().poll(stream, cursor, None) for m in batch.messages}


def end(stage: MastodonStage, stream: str = "mentions") -> dict[str, Any]:
    """The cursor after everything."""
    return dict(list(stage.connector().poll(stream, None, None))[-1].cursor)


def sent(stage: MastodonStage) -> dict[str, Any]:
    """What was posted last."""
    body: dict[str, Any] = json.loads(next(r.content for r in reversed(stage.requests) if r.method == "POST"))
    return body
