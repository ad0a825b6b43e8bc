"""The bare bulk insert: what the database driver alone needs for the rows that ingest has just written."""

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from bench.messages import BATCH
from inbox.database import SQLITE_WAITS_MS
from inbox.migrations.migrate import migrate

# What a message needs before it, and which of its columns says so; a member has the number of its identity here.
PARENTS = (("members", "identity_id"), ("identities", "identity_id"), ("conversations", "conversation_id"))


class Bare:
    """A second database with the same tables and indexes, to which new rows of the first are copied by `executemany`."""

    def __init__(self, filled: Path, bare: Path) -> None:
        migrate(f"sqlite:///{bare}")
        self._source = sqlite3.connect(filled)
        self._source.row_factory = sqlite3.Row
        self._target = sqlite3.connect(bare, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={SQLITE_WAITS_MS}"):
            self._target.execute(f"PRAGMA {pragma}")
        self._inserts = {table: self._insert(table) for table in ("messages", *dict(PARENTS))}
        self._known = dict.fromkeys(self._inserts, 0)
        self._target.executemany(self._insert("channels"), _tuples(self._source.execute("SELECT * FROM channels")))

    def copy(self) -> float:
        """Insert the next batch in one transaction; seconds, without those spent on reading it."""
        known = self._known["messages"]
        newest = f"SELECT * FROM messages WHERE id > ? ORDER BY id LIMIT {BATCH}"
        messages = self._source.execute(newest, [known]).fetchall()
        rows = {table: self._parents(table, column, messages) for table, column in PARENTS}
        rows["messages"] = _tuples(messages)
        self._known["messages"] = messages[-1]["id"]
        begin = time.perf_counter()
        self._target.execute("BEGIN IMMEDIATE")
        for table, values in rows.items():
            self._target.executemany(self._inserts[table], values)
        self._target.execute("COMMIT")
        return time.perf_counter() - begin

    def close(self) -> None:
        """Close both."""
        self._source.close()
        self._target.close()

    def _parents(self, table: str, column: str, messages: list[sqlite3.Row]) -> list[tuple[object, ...]]:
        newest = max(row[column] for row in messages)
        found = self._source.execute(f"SELECT * FROM {table} WHERE id > ? AND id <= ?", [self._known[table], newest])
        self._known[table] = max(self._known[table], newest)
        return _tuples(found)

    def _insert(self, table: str) -> str:
        columns = [row["name"] for row in self._source.execute(f"PRAGMA table_info({table})")]
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _tuples(rows: Iterable[sqlite3.Row]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows]
