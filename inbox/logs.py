"""How the processes of Trellis tell what they do: one line per event with its fields, for people in a terminal, else as JSON."""

import logging
import sys

import structlog

LOUD = ("alembic", "flask-limiter", "httpx", "rq.worker", "rq.scheduler", "urllib3")


def set_up_logs(level: str, *, process: str) -> None:
    """Send the log of this process to standard error. `level` is one of debug, info, warning, error."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
        structlog.processors.format_exc_info,
    ]
    renderer = (
        structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "process", "event"], sort_keys=False)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in LOUD:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _named(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add
