"""What a request can reach: the settings, the database and the vault of this process. Used by pages and api."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter, Map

from inbox.config import Settings
from inbox.database import LARGEST_ID, Database
from inbox.vault import Vault

log = logging.getLogger(__name__)
# Asked for so often, or so much alike, that a line each would hide the others.
QUIET = {"static_files", "live", "viewers", "health"}

# Storage and strategy come from create_app; without Valkey it counts in this process.
limiter = Limiter(get_remote_address, default_limits=[])


@dataclass(frozen=True)
class House:
    """Opened once per process by create_app."""

    settings: Settings
    database: Database
    vault: Vault


class RowId(IntegerConverter):
    """A number in an address that a database can hold; with a larger one there is nothing there."""

    def __init__(self, urls: Map) -> None:
        super().__init__(urls, max=LARGEST_ID)


def house() -> House:
    """The house of the running app."""
    opened: House = current_app.extensions["trellis"]
    return opened


def reading() -> Session:
    """This request's look at the database; closed with the request, never committed."""
    if "reading" not in g:
        g.reading_context = house().database.reading()
        g.reading = g.reading_context.__enter__()
    session: Session = g.reading
    return session


def stop_reading(_error: BaseException | None = None) -> None:
    """End the request's look, so that a later one sees what was written in between."""
    context = g.pop("reading_context", None)
    g.pop("reading", None)
    if context is not None:
        context.__exit__(None, None, None)


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction of this request: commits at the end of the block, rolls back on any error."""
    with house().database.writing() as session:
        yield session
    # What was read before the write is old now.
    stop_reading()


def templates_folder() -> Path:
    """In a wheel the templates lie inside the package, in a checkout beside it."""
    here = Path(__file__).parent
    packed = here / "_templates"
    return packed if packed.is_dir() else here.parent / "templates"


def log_requests(app: Flask) -> None:
    """One line per request: which route, how it ended, how long it took. Never the address, which may hold a secret."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        level = logging.DEBUG if (request.blueprint or "") in QUIET and response.status_code < 500 else logging.INFO
        took_ms = round((time.monotonic() - g.get("began", time.monotonic())) * 1000)
        route = request.url_rule.rule if request.url_rule else "none"
        log.log(
            level,
            "request",
            extra={"method": request.method, "route": route, "status": response.status_code, "ms": took_ms},
        )
        return response
