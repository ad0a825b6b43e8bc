"""Job `poll`: every due stream is claimed, read, and stored batch by batch together with its cursor.

Each stream is read in a thread of its own, and slow ones in lanes of their own (workers/lanes.py), so that a slow platform
delays neither the others nor the worker's next job.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from inbox.channels.abilities import described, keep_described
from inbox.channels.backfill import arrive, walk
from inbox.channels.connect import add_new_streams
from inbox.channels.due import Claimed, ClaimLost, claim_due, hold
from inbox.channels.fetch import fetch
from inbox.channels.health import failed, succeeded
from inbox.channels.ledger import Counts
from inbox.channels.models import Stream
from inbox.channels.open import open_connector
from inbox.channels.permission import granted_to
from inbox.config import Settings, load_settings
from inbox.connectors.contract import Batch, ConnectorError, Passing, StreamSpec
from inbox.conversations.attach import attach
from inbox.conversations.ingest import ingest
from inbox.conversations.ingest_apart import ingest_apart
from inbox.database import Database
from inbox.jobs import Job, answered
from inbox.vault import Vault
from workers import lanes
from workers.lanes import Lanes
from workers.opened import open_database, open_vault

log = logging.getLogger(__name__)

# The worker has other things to do: after this long it goes on, while slow streams end in their own threads.
PATIENCE_SECONDS = 20.0
# A long backfill lets others have their turn; it goes on from its cursor at once.
STREAM_SECONDS = 120.0


@dataclass
class Pollers:
    """The streams that are being read in this process."""

    database: Database
    vault: Vault
    settings: Settings
    running: dict[int, threading.Thread] = field(default_factory=dict)
    lanes: Lanes = field(default_factory=Lanes)
    changed: threading.Condition = field(default_factory=threading.Condition)


def poll(patience: float = PATIENCE_SECONDS) -> None:
    """Read everything that is due, some streams at once; returns when all is read, or after `patience` seconds."""
    answered(Job.POLL)
    pollers, until = _pollers(), time.monotonic() + patience
    with pollers.changed:
        while True:
            _start_due(pollers)
            if not pollers.running:
                return
            # Whoever takes longer than a second gives its place to others, so it is looked at again then.
            pollers.changed.wait(max(0.0, min(until - time.monotonic(), lanes.PATIENCE_SECONDS)))
            if time.monotonic() >= until:
                return


def poll_stream(claimed: Claimed, database: Database, vault: Vault, settings: Settings) -> None:
    """Read one claimed stream to its end. No transaction waits for the network; a lost claim writes nothing."""
    until = time.monotonic() + STREAM_SECONDS
    try:
        has_more, stored = False, 0
        connector = open_connector(claimed.channel, database, vault, settings)
        streams = connector.streams()
        for batch in fetch(connector, claimed):
            stored += store(claimed, attach(settings.attachments, batch), database).stored
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
        reason = Passing(f"What was fetched could not be stored ({type(error).__name__}); it is fetched again.")
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


def _start_due(pollers: Pollers) -> None:
    quick, slow = pollers.lanes.free()
    due: list[Claimed] = []
    if quick or (slow and pollers.lanes.slow):
        with pollers.database.writing() as session:
            running, late = list(pollers.running), pollers.lanes.slow
            if quick:
                due += claim_due(session, limit=quick, besides=running, without=late)
            if slow and late:
                due += claim_due(session, limit=slow, besides=running, only=late)
    for claimed in due:
        thread = threading.Thread(target=_run, args=(claimed, pollers), name=f"poll-{claimed.stream_id}", daemon=True)
        pollers.running[claimed.stream_id] = thread
        pollers.lanes.begin(claimed.stream_id, claimed.channel.id)
        thread.start()


def _run(claimed: Claimed, pollers: Pollers) -> None:
    try:
        poll_stream(claimed, pollers.database, pollers.vault, pollers.settings)
    except ClaimLost as lost:
        log.warning("claim lost", extra={"stream": claimed.stream_id, "reason": str(lost)})
    except Exception:  # the thread's last stop; the claim runs out and the stream is read again
        log.exception("poll stopped", extra={"stream": claimed.stream_id})
    finally:
        with pollers.changed:
            del pollers.running[claimed.stream_id]
            pollers.lanes.end(claimed.stream_id)
            pollers.changed.notify_all()


@lru_cache(maxsize=1)
def _pollers() -> Pollers:
    return Pollers(open_database(), open_vault(), load_settings())
