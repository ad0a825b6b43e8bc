"""`trellis web`: the pages and the API, served by gunicorn with a thread for each open browser."""

import socket as sockets
import threading
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.errors import AppImportError
from gunicorn.workers.gthread import ThreadWorker

from inbox.config import BadSetting, Settings, load_settings
from inbox.logs import set_up_logs

if TYPE_CHECKING:
    from flask import Flask

# Each open browser holds one for its live news; a thread that waits takes about 60 kB.
THREADS = 256
HEADERS_SECONDS = 10.0
REQUEST_SECONDS = 60.0


class Patient(ThreadWorker):  # type: ignore[misc]
    """Threads are few and each reads one request: who sends theirs drop by drop is not listened to any longer."""

    def init_process(self) -> None:
        """What gunicorn calls first in the new process."""
        self.listening: dict[int, tuple[float, sockets.socket]] = {}
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """One request, in a thread of its own."""
        thread = threading.get_ident()
        self.listening[thread] = time.monotonic() + HEADERS_SECONDS, conn.sock
        try:
            return super().handle(conn)
        finally:
            self.listening.pop(thread, None)

    def heard_headers(self, _request: Any) -> None:
        """Gunicorn has read the headers in this thread; a body may take longer."""
        thread = threading.get_ident()
        self.listening[thread] = time.monotonic() + REQUEST_SECONDS, self.listening[thread][1]

    def murder_keepalived(self, force: bool = False) -> None:
        """Called every second: ends what takes too long. Whoever has sent all and only waits for us notices nothing."""
        super().murder_keepalived(force)
        for until, connection in list(self.listening.values()):
            if until < time.monotonic():
                with suppress(OSError):
                    connection.shutdown(sockets.SHUT_RD)


class Served(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our choices in place of its command line."""

    def __init__(self, settings: Settings, socket: int | None) -> None:
        self.settings, self.socket = settings, socket
        super().__init__()

    def load_config(self) -> None:
        """What gunicorn asks for before it starts."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        choices = {
            "bind": f"{host}:{self.settings.port}" if self.socket is None else f"fd://{self.socket}",
            "worker_class": Patient,
            "pre_request": Patient.heard_headers,
            "workers": 1,
            "threads": THREADS,
            # Open live streams never end by themselves, so they decide how long a stop takes.
            "graceful_timeout": 2,
            "timeout": 60,
            "keepalive": 15,
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": "gunicorn.glogging.Logger",
            "proc_name": "trellis-web",
            "post_worker_init": _log,
        }
        for name, choice in choices.items():
            self.cfg.set(name, choice)

    def load(self) -> "Flask":
        """The application, made in the process that serves it; its parent only waits and stays small without it."""
        try:
            app: Flask = import_module("inbox.app").create_app(self.settings)
        except BadSetting as error:
            # Gunicorn prints this one without a trace and does not try again.
            raise AppImportError(str(error)) from error
        return app


@click.command("web")
@click.option("--socket", type=int, hidden=True, help="A listening socket, handed down by `trellis up`.")
def command(socket: int | None) -> None:
    """Serve the pages and the API on TRELLIS_HOST and TRELLIS_PORT."""
    settings = load_settings()
    set_up_logs(settings.log_level, process="web")
    Served(settings, socket).run()


def _log(_worker: Any) -> None:
    set_up_logs(load_settings().log_level, process="web")
