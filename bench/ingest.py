"""Ingest and labelling, bounded by a bare bulk insert of the very same rows into the same tables and indexes."""

import resource
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bench.figure import Figure
from bench.messages import BATCH, batches
from classifiers.tagger import load_tagger
from inbox.channels.models import Channel
from inbox.conversations.ingest import ingest
from inbox.database import SQLITE_WAITS_MS, Database
from inbox.migrations.migrate import migrate
from workers.classify import drain

# What a message needs before it, and which of its columns says so.
PARENTS = (("members", ""), ("identities", "identity_id"), ("conversations", "conversation_id"))


def ingest_and_label(database: Database, number: int, bare: Path) -> list[Figure]:
    """Fill `database` with `number` messages and their labels, then do the same barely in a new file `bare`."""
    ingested, memory = _ingest(database, number)
    bound = number / _bare_insert(Path(str(database.engine.url.database)), bare)
    begin = time.perf_counter()
    drain(database, load_tagger(), seconds=3600)
    labelled = time.perf_counter() - begin
    return [
        Figure("ingest", number / ingested, "messages/s", bound),
        Figure("ingest + label + search index", number / (ingested + labelled), "messages/s", bound),
        Figure(f"memory after {number} messages", memory[-1], "MB", memory[0]),
    ]


def _ingest(database: Database, number: int) -> tuple[float, list[float]]:
    """Seconds, without those spent on inventing, and the peak of resident memory after the first tenth and the last."""
    with database.writing() as session:
        channel = Channel(kind="file", name="Bench")
        session.add(channel)
    spent, done, memory = 0.0, 0, []
    for batch in batches(number):
        begin = time.perf_counter()
        with database.writing() as session:
            ingest(session, channel, "bench", batch)
        spent += time.perf_counter() - begin
        done += len(batch.messages)
        if done >= number // 10 and not memory:
            memory.append(_peak_mb())
    return spent, [*memory, _peak_mb()]


def _bare_insert(filled: Path, bare: Path) -> float:
    """Seconds that the driver alone needs for the same rows, in the same order, as many in one transaction."""
    migrate(f"sqlite:///{bare}")
    source, target = sqlite3.connect(filled), sqlite3.connect(bare, isolation_level=None)
    source.row_factory = sqlite3.Row
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={SQLITE_WAITS_MS}"):
        target.execute(f"PRAGMA {pragma}")
    target.executemany(_insert(source, "channels"), _tuples(source.execute("SELECT * FROM channels")))
    inserts = {table: _insert(source, table) for table in ("messages", *dict(PARENTS))}
    known = dict.fromkeys(inserts, 0)
    spent = 0.0
    while messages := source.execute(
        f"SELECT * FROM messages WHERE id > ? LIMIT {BATCH}", [known["messages"]]
    ).fetchall():
        rows = {table: _parents(source, table, column, messages, known) for table, column in PARENTS}
        rows["messages"] = _tuples(messages)
        known["messages"] = messages[-1]["id"]
        begin = time.perf_counter()
        target.execute("BEGIN IMMEDIATE")
        for table, values in rows.items():
            target.executemany(inserts[table], values)
        target.execute("COMMIT")
        spent += time.perf_counter() - begin
    target.close()
    source.close()
    return spent


def _parents(
    source: sqlite3.Connection, table: str, column: str, messages: list[sqlite3.Row], known: dict[str, int]
) -> list[tuple[object, ...]]:
    """The parents of these messages that are not there yet; a member has the number of its identity here."""
    newest = max(row[column or "identity_id"] for row in messages)
    found = source.execute(f"SELECT * FROM {table} WHERE id > ? AND id <= ?", [known[table], newest])
    known[table] = max(known[table], newest)
    return _tuples(found)


def _tuples(rows: Iterable[sqlite3.Row]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows]


def _insert(source: sqlite3.Connection, table: str) -> str:
    columns = [row["name"] for row in source.execute(f"PRAGMA table_info({table})")]
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
