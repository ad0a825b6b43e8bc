"""How the processes of Trellis tell what they do: one JSON line per event on standard error, with ids and never with message text."""

import json
import logging
import sys
from datetime import UTC, datetime

# What every record carries anyway; all else was given as `extra` by whoever wrote the line.
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
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
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
