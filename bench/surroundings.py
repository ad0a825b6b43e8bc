"""What ingest and pages need around them: an empty, migrated database, and a Valkey to ring at."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inbox.config import load_settings
from inbox.database import Database
from inbox.embedded import valkey_command, wait_for_valkey
from inbox.migrations.migrate import migrate


@contextmanager
def surroundings(data: Path) -> Iterator[Database]:
    """A database in `data` with every table and no rows, while Valkey runs beside it."""
    data.mkdir(parents=True, exist_ok=True)
    migrate(load_settings().database)
    valkey = subprocess.Popen(valkey_command(data), stdout=subprocess.DEVNULL)
    database = Database(load_settings().database)
    try:
        wait_for_valkey(data)
        yield database
    finally:
        database.dispose()
        valkey.terminate()
        valkey.wait(10)
