"""Installs other people's servers once, into a cache outside of the checkout, and runs them while a test session lasts."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

STOP_SECONDS = 15
INSTALL_SECONDS = 600.0
Child = subprocess.Popen[bytes]


class NoPeer(Exception):
    """Why this server cannot run here."""


def free_ports(count: int) -> list[int]:
    """Ports of this machine that are free now; all are held until all are known, so that none is named twice."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(server.getsockname()[1]) for server in held]
    for server in held:
        server.close()
    return ports


def installed(cache: Path, name: str, install: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, after `install` has filled it once, however many ask for it at the same time."""
    place = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "installed").exists():
            install(place)
            (place / "installed").touch()
    return place


def python_with(package: str) -> Callable[[Path], None]:
    """Installs a package into a virtual environment of its own, since it brings its own versions of what we use."""

    def install(place: Path) -> None:
        venv.create(place, with_pip=True, clear=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", package]
        try:
            do(pip, seconds=INSTALL_SECONDS)
        except NoPeer as reason:
            raise NoPeer(f"{reason} (Python {sys.version.split()[0]})") from None

    return install


def keep_beside(source: Path, target: Path) -> None:
    """Copy a file of ours to what is installed; whoever reads it meanwhile meets the old one or the new one, never a half."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, fresh)
    fresh.replace(target)


def do(
    command: Sequence[str], *, seconds: float, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end; what it printed. Raises NoPeer with its last words."""
    words = " ".join(command[:6])
    env = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoPeer(f"{words} took more than {seconds:.0f} s") from None
    except OSError as error:
        raise NoPeer(f"{words} does not run: {error}") from None
    if done.returncode:
        raise NoPeer(f"{words} failed: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


@contextmanager
def running(command: Sequence[str], *, folder: Path, log: Path, **options: Any) -> Iterator[Child]:
    """A server, stopped at the end with all that it has started; what it says goes to `log`."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, **options,
        )  # fmt: skip
    try:
        yield child
    finally:
        _end(child, signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        _end(child, signal.SIGKILL)
        child.wait(STOP_SECONDS)


def _end(child: Child, sign: signal.Signals) -> None:
    try:
        os.killpg(child.pid, sign)
    except ProcessLookupError:
        return  # they are gone already


def wait_until(child: Child, is_ready: Callable[[], bool], *, log: Path, seconds: float) -> None:
    """Returns as soon as the server says that it is ready. Raises NoPeer with its last words when it never does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and child.poll() is None:
        if is_ready():
            return
        time.sleep(0.1)
    raise NoPeer(f"the server does not start: {log.read_text(errors='replace')[-500:]}")


def answers(url: str) -> Callable[[], bool]:
    """Whether a server answers 200 at an address."""

    def ask() -> bool:
        try:
            return httpx.get(url, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    return ask
