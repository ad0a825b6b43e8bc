"""Stores what a platform brought or gave again: nobody can go back to a cursor for it, so what can be stored is stored now."""

import logging

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel
from inbox.connectors.contract import Batch
from inbox.conversations.ingest import ingest
from inbox.conversations.ingest_apart import ingest_apart

log = logging.getLogger(__name__)


def ingest_brought(session: Session, channel: Channel, stream_name: str, batch: Batch) -> Counts:
    """The same as `ingest`; where the database refuses the batch, item by item, and what it refuses is quarantined."""
    try:
        with session.begin_nested():
            return ingest(session, channel, stream_name, batch)
    except OperationalError:
        raise
    except DBAPIError as error:
        log.warning("batch refused", extra={"channel": channel.id, "error": type(error.orig).__name__})
        return ingest_apart(session, channel, stream_name, batch)
