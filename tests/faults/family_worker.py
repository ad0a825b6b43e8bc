"""A worker that polls a generated platform until it is quiet, and kills itself before a chosen statement to the database.

Run as: python family_worker.py STATEMENT, where 0 is never.
"""

import os
import signal
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402
from sqlalchemy import event  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402

from inbox.channels.models import Pause, Stream  # noqa: E402
from inbox.clock import now  # noqa: E402
from tests.families import use_families  # noqa: E402
from workers.opened import open_database  # noqa: E402
from workers.poll import poll  # noqa: E402

LAST = int(sys.argv[1])
ROUNDS = 200
_statements = count(1)


@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "commit")
def _die(*_: Any) -> None:
    if next(_statements) == LAST:
        os.kill(os.getpid(), signal.SIGKILL)


def poll_until_quiet() -> None:
    """Poll as time would let it: what waits for a platform's patience is due at once."""
    database, before = open_database(), None
    for _ in range(ROUNDS):
        with database.writing() as session:
            session.execute(sa.update(Stream).values(claimed_until=now() - timedelta(seconds=1), due_at=now()))
        poll(patience=300)
        with database.reading() as session:
            stream = session.scalars(sa.select(Stream)).one()
        assert not stream.last_error, stream.last_error
        if stream.pause != Pause.RATE and stream.cursor == before:
            return
        before = stream.cursor
    raise SystemExit("it never came to rest")


if __name__ == "__main__":
    use_families()
    poll_until_quiet()
