"""Job `refetch`: asks again for older messages, ever more rarely, so that late edits and deletions are seen too.

Like `poll`, it waits a moment only, and a slow platform delays neither other channels nor other jobs.
"""

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from inbox.channels.open import open_connector
from inbox.channels.pace import LEFT_BY_ASKING_AGAIN
from inbox.config import load_settings
from inbox.connectors.contract import ConnectorError
from inbox.conversations.ask_again import Asked, claim_asks, find_asks, settle_asks
from inbox.conversations.attach import attach
from inbox.jobs import Job, answered
from workers.ask_in_parts import ask_in_parts
from workers.lanes import Lanes
from workers.opened import open_database, open_vault

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
LANES, PER_HOST = 16, 2
# How long one hundred messages may wait for a budget that is soon full again.
BUDGET_SECONDS = 150.0

# Channels whose asking broke off wait for the next ring.
_failing: set[int] = set()


def refetch(patience: float = PATIENCE_SECONDS) -> None:
    """Begin to ask for whatever is due; returns when nothing is due any more, or after `patience` seconds."""
    answered(Job.REFETCH)
    _failing.clear()
    _lanes().run(patience)


def go_on() -> None:
    """Begin what is due by now, beside whatever job is done."""
    _lanes().run(0)


def leave(patience: float = PATIENCE_SECONDS) -> None:
    """Called when the process ends. What has not been asked by then is asked for when its claim has run out."""
    if _lanes.cache_info().currsize:
        _lanes().close(patience)
        _lanes.cache_clear()


def _look(besides: Collection[int], without: Collection[str]) -> Iterable[tuple[int, str]]:
    with open_database().reading() as session:
        return find_asks(session, besides={*besides, *_failing}, without=without)


def _claim(channel_ids: Collection[int]) -> Mapping[int, Asked]:
    with open_database().writing() as session:
        found = {number: claim_asks(session, number) for number in channel_ids}
    return {number: asked for number, asked in found.items() if asked}


def _ask(asked: Asked) -> None:
    number, until = asked.channel.id, time.monotonic() + BUDGET_SECONDS
    _failing.add(number)
    try:
        ask_all(asked, until=until)
        _failing.discard(number)
    except ConnectorError as error:
        log.warning("not asked again", extra={"channel": number, "error": type(error).__name__})


def ask_all(asked: Asked, *, until: float) -> None:
    """Ask for the claimed messages and store what came, request by request; no transaction waits for the network.

    After `until` (of the monotonic clock) no budget is waited for. Raises ConnectorError.
    """
    database, settings = open_database(), load_settings()
    connector = open_connector(asked.channel, database, open_vault(), settings, leaves=LEFT_BY_ASKING_AGAIN)
    for start in range(0, len(asked.known), asked.at_once):
        some = slice(start, start + asked.at_once)
        for ids, said in ask_in_parts(connector, asked.ids[some], asked.known[some], until):
            batch = attach(settings.attachments, said)
            with database.writing() as session:
                settle_asks(session, asked, ids, batch)


@lru_cache(maxsize=1)
def _lanes() -> Lanes[Asked]:
    return Lanes(_look, _claim, _ask, lanes=LANES, per_host=PER_HOST)
