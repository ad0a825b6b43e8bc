"""Journeys in Chromium against the whole product, started by the same command as a user's."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from inbox.database import Database
from inbox.pages.access import COOKIE_KEY
from inbox.teams.models import Role
from inbox.teams.sign_in import sign_in
from tests.making import make_teammate

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADDRESS = re.compile(r"http://[\w.\[\]:-]+:\d+")
START_SECONDS = 60

expect.set_options(timeout=15_000)  # a machine that is busy with other things is no failure


@pytest.fixture
def start_trellis() -> Iterator[Callable[..., str]]:
    """`start_trellis(folder, TRELLIS_UNDO_SECONDS="0")` starts everything and returns the address it printed.

    It ends with the test: were its worker to live on, it would answer what later tests ring for in the same Valkey.
    """
    running: list[subprocess.Popen[str]] = []
    logs: list[IO[str]] = []

    def start(folder: Path, **settings: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRELLIS_")}
        environment |= {
            "TRELLIS_DATA": str(folder),
            "TRELLIS_PORT": "0",
            "TRELLIS_ALLOW_PRIVATE_ADDRESSES": "true",
            **settings,
        }
        log = (folder.parent / f"{folder.name}.log").open("w+")
        logs.append(log)
        process = subprocess.Popen(
            [sys.executable, "-m", "inbox.cli", "up"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        running.append(process)
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_pass_on, args=(process, lines), daemon=True).start()
        seen: list[str] = []
        while True:
            try:
                line = lines.get(timeout=START_SECONDS)
            except queue.Empty:
                line = ""
            seen.append(line)
            if found := ADDRESS.search(line):
                return found.group()
            if not line:
                log.seek(0)
                pytest.fail(f"Trellis did not start: {''.join(seen)} {log.read()[-2000:]}")

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait(30)
        if process.stdout:
            process.stdout.close()
    for log in logs:
        log.close()


def _pass_on(process: subprocess.Popen[str], lines: "queue.Queue[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        lines.put(line)
    lines.put("")


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    """Where the application of this test answers, in this very process."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict[str, Any]:
    """Debian's Chromium without its calls home."""
    return {"executable_path": chromium, "args": FLAGS}


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    """A desktop in German; a test that needs another window or language opens its own."""
    return {"locale": "de-DE", "timezone_id": "Europe/Berlin", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def at(app: Any, house: Database, address: str, page: Page) -> Iterator[Callable[..., Page]]:
    """`at("/training", "de")` is an admin's browser there. Nothing may be said on the console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    def opened(path: str, language: str = "en", role: Role = Role.ADMIN) -> Page:
        with house.writing() as session:
            token = sign_in(session, make_teammate(session, "Mo", language=language, role=role), "test")
        cookie = app.session_interface.get_signing_serializer(app).dumps({COOKIE_KEY: token})
        page.context.add_cookies([{"name": "trellis", "value": cookie, "url": address}])
        page.goto(address + path)
        return page

    yield opened
    assert said == []
    page.goto("about:blank")  # ends its stream, which holds a thread of the server


@pytest.fixture(scope="session")
def mail_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A real Postfix and Dovecot; skips with the reason where they cannot run."""
    from tests.peers.email.mail_server import NoMailServer, running_mail_server

    try:
        with running_mail_server() as server:
            yield server
    except NoMailServer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A program of a product team: a web server that keeps what is posted to it."""
    received: list[tuple[dict[str, str], bytes]] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keep)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}/ideas", received=received)
    server.shutdown()
    server.server_close()
