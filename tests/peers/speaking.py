"""How the tests speak to a server: as its other accounts, without the connector under test, and by an answer to be sent."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import httpx

from inbox.connectors.contract import IncomingMessage, OutgoingReply


@contextmanager
def speaking(client: Callable[[str], httpx.Client]) -> Iterator[Callable[[str], httpx.Client]]:
    """`client`, which opens one for an account's name; all are closed at the end."""
    with ExitStack() as opened:
        yield lambda name: opened.enter_context(client(name))


def reply_to(message: IncomingMessage, text: str) -> OutgoingReply:
    """An answer as the outbox hands it over, whose handle has been JSON in between."""
    return OutgoingReply(
        key=f"delivery-{message.external_id}",
        text=text,
        thread_id=message.thread_id,
        parent_id=message.external_id,
        parent_handle=json.loads(json.dumps(dict(message.reply_handle))),
        language="en",
        created_at=datetime.now(UTC),
    )
