"""Ingest, bounded by a bare bulk insert of the very same rows into the same tables and indexes, batch about."""

import resource
import sys
import time
from pathlib import Path

from bench.bare import Bare
from bench.figure import Figure
from bench.messages import batches
from inbox.channels.models import Channel
from inbox.connectors.contract import Batch
from inbox.conversations.ingest import ingest
from inbox.database import Database


def ingest_messages(database: Database, number: int, bare: Path) -> list[Figure]:
    """Fill `database` with `number` messages, and a second one at `bare` beside it, so that both meet the same machine."""
    channel = open_channel(database)
    driver = Bare(Path(str(database.engine.url.database)), bare)
    taken, bound, done, memory = 0.0, 0.0, 0, []
    for batch in batches(number):
        taken += store(database, channel, batch)
        bound += driver.copy()
        done += len(batch.messages)
        if done >= number // 10 and not memory:
            memory.append(_peak_mb())
    driver.close()
    return [
        Figure("ingest", number / taken, "messages/s", number / bound),
        Figure(f"memory after {number} messages", _peak_mb(), "MB", memory[0]),
    ]


def open_channel(database: Database) -> Channel:
    """A channel to ingest into."""
    with database.writing() as session:
        channel = Channel(kind="file", name="Bench")
        session.add(channel)
    return channel


def store(database: Database, channel: Channel, batch: Batch) -> float:
    """Ingest one batch as the workers do; seconds."""
    begin = time.perf_counter()
    with database.writing() as session:
        ingest(session, channel, "bench", batch)
    return time.perf_counter() - begin


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
