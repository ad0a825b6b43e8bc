"""Starts Valkey, web, workers and scheduler, starts again what ends, and stops all in order. Standard library only: it stays small.

`trellis up` reads the settings and becomes this process: python -m inbox.supervise PLAN.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from inbox.child import REFUSED, Child, stop
from inbox.embedded import NoValkey, stop_orphan, valkey_command, wait_for_valkey


class CannotStart(Exception):
    """Why Trellis does not start; one sentence for the operator."""


@dataclass(frozen=True)
class Plan:
    """What `trellis up` read from the settings."""

    data: str
    host: str
    port: int
    workers: int
    embeds_valkey: bool

    def command(self) -> list[str]:
        """The command that carries this plan out."""
        return [sys.executable, "-m", "inbox.supervise", json.dumps(asdict(self))]


def main() -> None:
    """Carry out the plan on the command line, until SIGINT or SIGTERM."""
    try:
        sys.exit(supervise(Plan(**json.loads(sys.argv[1]))))
    except (CannotStart, NoValkey) as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        sys.exit(130)


def supervise(plan: Plan) -> int:
    """Start everything, keep it running until SIGINT or SIGTERM, stop it. Returns the exit code; raises CannotStart, NoValkey."""
    data = Path(plan.data)
    with lock(data), listen(plan.host, plan.port) as door:
        port: int = door.getsockname()[1]
        environment = {**os.environ, "TRELLIS_PORT": str(port)}
        children: list[Child] = []
        with stopping(children):
            if plan.embeds_valkey:
                stop_orphan(data)
                children.append(Child("valkey", valkey_command(data), environment, stops_last=True))
                children[0].start()
            prepare(environment)
            if plan.embeds_valkey:
                wait_for_valkey(data)
            web = Child("web", trellis("web", "--socket", str(door.fileno())), environment, sockets=(door.fileno(),))
            workers = [Child(f"worker {number + 1}", trellis("worker"), environment) for number in range(plan.workers)]
            children += [web, *workers, Child("scheduler", trellis("scheduler"), environment)]
            host = f"[{plan.host}]" if ":" in plan.host else plan.host
            return keep(children, (plan.host, port), ready=f"Trellis is at http://{host}:{port}")


def trellis(*arguments: str) -> list[str]:
    """A `trellis` command with the Python that runs this one."""
    return [sys.executable, "-m", "inbox.cli", *arguments]


def prepare(environment: dict[str, str]) -> None:
    """Make the key and the tables. Raises SystemExit when that is refused; the command has said why."""
    if subprocess.run(trellis("migrate"), env=environment, check=False).returncode:
        raise SystemExit(REFUSED)


def keep(children: Sequence[Child], address: tuple[str, int], *, ready: str) -> int:
    """Keep the children running until a signal comes or one of them is refused. Says `ready` once web answers."""
    wanted: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: wanted.append(received))
    announced = False
    while not wanted:
        if any(child.look_after(say) == REFUSED for child in children):
            return REFUSED
        if not announced and _answers(address):
            announced = True
            say(ready)
        _pause(0.2 if announced else 0.05, wanted)
    return 0


@contextmanager
def stopping(children: list[Child]) -> Iterator[None]:
    """Stop whatever has been started by the end, however it comes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        # A second Ctrl-C must not cut the stop short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stop(children)


def say(words: str) -> None:
    """One line for the terminal, at once."""
    print(words, flush=True)


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


if __name__ == "__main__":
    main()
