"""Reads one claimed stream to its end and stores it batch by batch together with its cursor. Called by the job `poll`."""

import logging
import time
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from inbox.channels.abilities import described, keep_described
from inbox.channels.backfill import arrive, walk
from inbox.channels.connect import add_new_streams
from inbox.channels.due import Claimed, ClaimLost, hold
from inbox.channels.fetch import fetch
from inbox.channels.health import failed, succeeded
from inbox.channels.ledger import Counts
from inbox.channels.models import Stream
from inbox.channels.open import open_connector
from inbox.channels.permission import granted_to
from inbox.config import Settings
from inbox.connectors.contract import N_, Batch, ConnectorError, Passing, StreamSpec
from inbox.conversations.attach import attach
from inbox.conversations.ingest import ingest
from inbox.conversations.ingest_apart import ingest_apart
from inbox.database import Database
from inbox.vault import Vault
from workers.fill import Filler

log = logging.getLogger(__name__)

# A long backfill lets others have their turn; it goes on from its cursor at once.
STREAM_SECONDS = 120.0


def read_stream(claimed: Claimed, database: Database, vault: Vault, settings: Settings) -> None:
    """Read one claimed stream to its end. No transaction waits for the network; a lost claim writes nothing."""
    until = time.monotonic() + STREAM_SECONDS
    try:
        has_more, stored = False, 0
        connector = open_connector(claimed.channel, database, vault, settings)
        streams = connector.streams()
        filler = Filler(connector, claimed, database)
        for batch in fetch(connector, claimed):
            whole = attach(settings.attachments, filler.fill(batch))
            stored += store(claimed, whole, database).stored
            if has_more := time.monotonic() > until:
                break
        said, granted = described(connector), granted_to(connector)
        with database.writing() as session:
            stream = hold(session, claimed)
            keep_described(stream.channel, said, granted)
            finish(session, stream, streams, stored=stored, has_more=has_more)
    except ConnectorError as error:
        log.warning("poll failed", extra={"stream": claimed.stream_id, "error": type(error).__name__})
        with database.writing() as session:
            failed(session, hold(session, claimed), error)
    except ClaimLost:
        raise
    except Exception as error:  # a full disk, a busy database, a mistake of ours: it is told, and tried again
        log.exception("batch not stored", extra={"stream": claimed.stream_id})
        fault = type(error).__name__
        reason = Passing(N_("What was fetched could not be stored (%(fault)s); it is fetched again.", fault=fault))
        with database.writing() as session:
            failed(session, hold(session, claimed), reason)


def store(claimed: Claimed, batch: Batch, database: Database) -> Counts:
    """Rows, ledger and cursor in one transaction. What the database refuses is found and put into quarantine."""
    try:
        with database.writing() as session:
            stream = hold(session, claimed)
            walk(stream, batch)
            return ingest(session, stream.channel, claimed.name, batch, stream=stream)
    except OperationalError:
        raise
    except DBAPIError as error:
        log.warning("batch refused", extra={"stream": claimed.stream_id, "error": type(error.orig).__name__})
        with database.writing() as session:
            stream = hold(session, claimed)
            walk(stream, batch)
            return ingest_apart(session, stream.channel, claimed.name, batch, stream=stream)


def finish(session: Session, stream: Stream, streams: Sequence[StreamSpec], *, stored: int, has_more: bool) -> None:
    """Set the stream's next turn, or end its walk into the past; add streams that a newer version brings."""
    succeeded(session, stream, stored=stored, has_more=has_more)
    if stream.past_of and not has_more:
        arrive(session, stream)
    add_new_streams(session, stream.channel, streams)
