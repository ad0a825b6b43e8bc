"""One process that should be running: started, started again when it ends, stopped in time. Used by the supervisor."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

LONGEST_PAUSE = 30.0
STEADY_AFTER = 30.0
PATIENCE = 5.0
# A child that ends with this has already said in one sentence why it cannot run; starting it again would repeat the sentence.
REFUSED = 2


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
