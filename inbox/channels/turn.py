"""One at a time per channel, over all processes: for tokens that may be used only once."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import N_, Passing
from inbox.database import Database

# Longer than any single answer is waited for; who died inside keeps the others waiting no longer than this.
LEASE = timedelta(seconds=130)
PATIENCE_SECONDS = 20.0
KNOCK_SECONDS = 0.2


@contextmanager
def turn(channel_id: int, database: Database, *, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """While inside, nobody else is. Not to be entered twice by the same. Raises Passing after `patience` seconds.

    It is a lease in the row, so that no transaction waits for the network inside.
    """
    word, until = secrets.token_hex(16), time.monotonic() + patience
    while not _take(channel_id, database, word):
        if time.monotonic() > until:
            raise Passing(N_("Another process is signing in for this channel; it is tried again."), retry_after=10)
        time.sleep(KNOCK_SECONDS)
    try:
        yield
    finally:
        _write(database, Channel.id == channel_id, Channel.turn == word, turn="", turn_until=None)


def _take(channel_id: int, database: Database, word: str) -> bool:
    moment = now()
    free = sa.or_(Channel.turn == "", Channel.turn_until < moment)
    return _write(database, Channel.id == channel_id, free, turn=word, turn_until=moment + LEASE)


def _write(database: Database, *where: sa.ColumnElement[bool], **values: object) -> bool:
    with database.writing() as session:
        query = sa.update(Channel).where(*where).values(values).returning(Channel.id)
        return session.scalar(query.execution_options(synchronize_session=False)) is not None
