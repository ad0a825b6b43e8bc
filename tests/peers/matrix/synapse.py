"""Installs (once, into a cache) and runs Synapse, the reference server of Matrix, with two accounts and no rooms."""

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

PACKAGE = "matrix-synapse==1.163.2"
INSTALL_SECONDS, START_SECONDS = 400, 90
PASSWORD, SECRET = "hunter2", "made-for-this-run-only"
CONFIGURATION = """\
listeners:
  - {{port: {port}, tls: false, type: http, bind_addresses: ["127.0.0.1"], resources: [{{names: [client]}}]}}
trusted_key_servers: []
federation_domain_whitelist: []
registration_shared_secret: {secret}
url_preview_enabled: false
# Each test begins with a first sync, which Synapse would otherwise give again for two minutes.
caches: {{sync_response_cache_duration: 0s}}
rc_message: {{per_second: 20, burst_count: 200}}
rc_login:
  address: {{per_second: 1000, burst_count: 1000}}
  account: {{per_second: 1000, burst_count: 1000}}
"""


class NoServer(Exception):
    """Why there is none here."""


@dataclass(frozen=True)
class Synapse:
    """Where it listens, and the access tokens of `brand` and `fan`."""

    url: str
    tokens: dict[str, str]


@contextmanager
def running_synapse(cache: Path) -> Iterator[Synapse]:
    """A server of its own, forgotten at the end. Raises NoServer."""
    programs = _installed(cache)
    with tempfile.TemporaryDirectory(prefix="trellis-matrix-") as folder:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        place, python = Path(folder), str(programs / "python")
        homeserver = [python, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
        made = subprocess.run(
            [*homeserver, "--server-name", "garten.test", "--generate-config", "--report-stats=no"],
            cwd=folder, capture_output=True, text=True, timeout=START_SECONDS, check=False,
        )  # fmt: skip
        if made.returncode:
            raise NoServer(f"Synapse makes no configuration: {made.stderr[-300:]}")
        (place / "own.yaml").write_text(CONFIGURATION.format(port=port, secret=SECRET), encoding="utf-8")
        log = place / "log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                [*homeserver, "-c", "own.yaml"], cwd=folder, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            url = _ready(child, f"http://127.0.0.1:{port}", log)
            yield Synapse(url, {name: _account(programs, url, name) for name in ("brand", "fan")})
        finally:
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(15)


def _account(programs: Path, url: str, name: str) -> str:
    """Registers somebody; gives the access token."""
    command = [str(programs / "register_new_matrix_user"), "-u", name, "-p", PASSWORD, "--no-admin", "-k", SECRET, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise NoServer(f"Synapse takes no account: {done.stdout[-200:]}{done.stderr[-200:]}")
    who = {"type": "m.id.user", "user": name}
    body = {"type": "m.login.password", "identifier": who, "password": PASSWORD}
    answer = httpx.post(f"{url}/_matrix/client/v3/login", json=body, timeout=20).raise_for_status()
    return str(answer.json()["access_token"])


def _installed(cache: Path) -> Path:
    """The folder of its programs, in a virtual environment of its own."""
    place = cache / "synapse"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "synapse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / "installed").exists():
            return place / "bin"
        venv.create(place, with_pip=True, clear=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", PACKAGE]
        try:
            done = subprocess.run(pip, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise NoServer(f"pip install {PACKAGE} took more than {INSTALL_SECONDS} s") from None
        if done.returncode:
            raise NoServer(f"pip install {PACKAGE} failed on Python {sys.version.split()[0]}: {done.stderr[-300:]}")
        (place / "installed").touch()
    return place / "bin"


def _ready(child: "subprocess.Popen[bytes]", url: str, log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and child.poll() is None:
        try:
            if httpx.get(f"{url}/_matrix/client/versions", timeout=5).status_code == 200:
                return url
        except httpx.TransportError:
            time.sleep(0.3)
    raise NoServer(f"Synapse does not start: {log.read_text(errors='replace')[-300:]}")
