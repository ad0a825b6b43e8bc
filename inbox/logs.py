"""How the processes of Trellis tell what they do: one JSON line per event on standard error, with ids and never with message text."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from pydantic import ValidationError

# What every record carries anyway; all else was given as `extra` by whoever wrote the line.
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Of what an error says; a library may quote more than it should.
SHOWN = 200
LOUD = ("alembic", "httpcore", "httpx", "rq.worker", "rq.scheduler", "urllib3")


def set_up_logs(level: str, *, process: str) -> None:
    """Send the log of this process to standard error. `level` is one of debug, info, warning, error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in LOUD:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class Line(logging.Formatter):
    """One record as one line of JSON: time, level, process, event, then the fields it was given."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "process": self.process, "event": record.getMessage()}
        line |= {name: value for name, value in vars(record).items() if name not in USUAL}
        if record.exc_info:
            line["trace"] = _trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _trace(error: BaseException | None) -> str:
    """Where an error and what led to it came from, oldest first, and what went wrong; never what was read meanwhile."""
    parts: list[str] = []
    chain: set[int] = set()
    while error is not None and id(error) not in chain:
        chain.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{frames}{type(error).__qualname__}: {_what(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(reversed(parts))


def _what(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        # Its own text quotes the input.
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, fault['loc'])) or error.title}: {fault['type']}" for fault in faults[:10])
    # Databases quote what they refuse from the second line on.
    return str(error).partition("\n")[0][:SHOWN]
