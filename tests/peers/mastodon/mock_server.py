"""Installs (once, into a cache) and runs mastodon_mock: a stateful server of the Mastodon API, written by others."""

import fcntl
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PACKAGE = "mastodon_mock"
INSTALL_SECONDS, START_SECONDS = 300, 60
CONFIGURATION = """\
[database]
path = ":memory:"

[auth]
permissive = false
enforce_scopes = true

[[seed.accounts]]
username = "brand"
access_token = "token-of-brand"
role = "user"

[[seed.accounts]]
username = "fan"
access_token = "token-of-fan"

[[seed.accounts]]
username = "other"
access_token = "token-of-other"
"""


class NoServer(Exception):
    """Why there is none here."""


@dataclass(frozen=True)
class MockServer:
    """Where it listens; the tokens are `token-of-brand`, `token-of-fan` and `token-of-other`."""

    url: str


@contextmanager
def running_mock_server(cache: Path) -> Iterator[MockServer]:
    """A server with three accounts and no posts, forgotten at the end. Raises NoServer."""
    command = _installed(cache)
    with tempfile.TemporaryDirectory(prefix="trellis-mastodon-") as folder:
        configuration = Path(folder) / "mock.toml"
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        log = Path(folder) / "log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                [str(command), "serve", "--config", str(configuration), "--host", "127.0.0.1", "--port", str(port)],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield _ready(child, f"http://127.0.0.1:{port}", log)
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)


def _installed(cache: Path) -> Path:
    """The command that serves it, in a virtual environment of its own, since it brings its own web framework."""
    place = cache / "mastodon"
    command = place / "bin" / PACKAGE
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "mastodon.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / "installed").exists() and command.exists():
            return command
        venv.create(place, with_pip=True, clear=True)
        try:
            done = subprocess.run(
                [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", PACKAGE],
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoServer(f"pip install {PACKAGE} took more than {INSTALL_SECONDS} s") from None
        if done.returncode or not command.exists():
            raise NoServer(f"pip install {PACKAGE} failed on Python {sys.version.split()[0]}: {done.stderr[-300:]}")
        (place / "installed").touch()
    return command


def _ready(child: "subprocess.Popen[bytes]", url: str, log: Path) -> MockServer:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and child.poll() is None:
        try:
            if httpx.get(f"{url}/api/v2/instance", timeout=5).status_code == 200:
                return MockServer(url)
        except httpx.TransportError:
            time.sleep(0.2)
    raise NoServer(f"{PACKAGE} does not start: {log.read_text(errors='replace')[-300:]}")
