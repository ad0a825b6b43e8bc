"""Starts Valkey, web, workers and scheduler, starts again what ends, and stops all in order. Standard library only: it stays small."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

LONGEST_PAUSE = 30.0
STEADY_AFTER = 30.0
PATIENCE = 5.0
# A child that ends with this has already said in one sentence why it cannot run; starting it again would repeat the sentence.
REFUSED = 2


class CannotStart(Exception):
    """Why Trellis does not start; one sentence for the operator."""


@dataclass
class Child:
    """One process that should be running; the one that the others need `stops_last`."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    sockets: tuple[int, ...] = ()
    stops_last: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    next_start_at: float = 0.0
    failures: int = 0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor, which then stops in order."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            pass_fds=self.sockets,
            start_new_session=True,
            preexec_fn=_die_with_parent(gently=self.stops_last),  # noqa: PLW1509 - this process has one thread
        )

    def look_after(self, say: Callable[[str], None]) -> int | None:
        """Start it again when it has ended and its pause is over. Returns the exit code in the moment it ended."""
        code = self.process.poll() if self.process else None
        if code is not None:
            steady = time.monotonic() - self.started_at > STEADY_AFTER
            self.failures = 1 if steady else self.failures + 1
            pause = min(LONGEST_PAUSE, 0.25 * 2**self.failures)
            self.process, self.next_start_at = None, time.monotonic() + pause
            if code != REFUSED:
                say(f"{self.name} ended ({_why(code)}); it starts again in {pause:.1f} s")
        elif self.process is None and time.monotonic() >= self.next_start_at:
            self.start()
        return code

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it started."""
        if self.process and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


def lock(data: Path) -> IO[str]:
    """Take the data folder for this process until the returned file is closed. Raises CannotStart when it is taken."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (data / "trellis.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise CannotStart(
            f"The data folder {data} cannot be written: {error.strerror}; set TRELLIS_DATA to another."
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        who = file.read(20).strip() or "unknown"
        file.close()
        raise CannotStart(
            f"Trellis is already running with the data folder {data} (process {who}); stop it, or set TRELLIS_DATA."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def listen(host: str, port: int) -> socket.socket:
    """The socket that web serves; port 0 picks a free one. Raises CannotStart when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotStart(
            f"{host}:{port} cannot be listened on: {reason}; set TRELLIS_PORT to another, or to 0 for any."
        ) from None


def run_once(command: Sequence[str], environment: dict[str, str]) -> None:
    """Run a step that must succeed before the others start. Raises SystemExit with its code, since it has said why."""
    code = subprocess.run(command, env=environment, check=False).returncode
    if code:
        raise SystemExit(REFUSED)


def supervise(children: Sequence[Child], *, address: tuple[str, int], ready: str, say: Callable[[str], None]) -> int:
    """Keep the children running until SIGINT or SIGTERM, then stop them. Returns the exit code."""
    wanted: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: wanted.append(received))
    announced, refused = False, False
    try:
        while not wanted and not refused:
            refused = any(child.look_after(say) == REFUSED for child in children)
            if not announced and _answers(address):
                announced = True
                say(ready)
            _pause(0.2 if announced else 0.05, wanted)
    finally:
        stop(children)
    return REFUSED if refused else 0


def stop(children: Sequence[Child], *, patience: float = PATIENCE) -> None:
    """Stop all within some seconds: web first, then those behind it, and Valkey when nobody needs it any more."""
    for last in (False, True):
        group = [child for child in children if child.stops_last is last]
        for child in group:
            child.signal(signal.SIGTERM)
        # A second SIGTERM tells a worker to leave its job; every job may be run twice.
        for number, seconds in ((signal.SIGTERM, patience - 2), (signal.SIGKILL, 2.0)):
            if _gone(group, seconds):
                break
            for child in group:
                child.signal(number)
        _gone(group, 2.0)


def _gone(children: Iterable[Child], seconds: float) -> bool:
    until = time.monotonic() + seconds
    running = [child.process for child in children if child.process]
    while any(process.poll() is None for process in running):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _pause(seconds: float, wanted: list[int]) -> None:
    # A signal does not end time.sleep, so it is taken in small bites.
    until = time.monotonic() + seconds
    while not wanted and time.monotonic() < until:
        time.sleep(0.05)


def _answers(address: tuple[str, int]) -> bool:
    connection = HTTPConnection(*address, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _die_with_parent(*, gently: bool) -> Callable[[], None] | None:
    # Elsewhere a killed supervisor leaves Valkey behind; the next start stops it, see embedded.stop_orphan.
    if sys.platform != "linux":
        return None
    prctl, death_signal = ctypes.CDLL(None).prctl, 1
    number = signal.SIGTERM if gently else signal.SIGKILL

    def ask() -> None:
        prctl(death_signal, number)

    return ask


def _why(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
