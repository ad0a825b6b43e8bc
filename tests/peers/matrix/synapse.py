"""Installs (once, into a cache) and runs Synapse, the reference server of Matrix, with two accounts and no rooms."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.peers.serving import answers, do, free_ports, installed, python_with, running, wait_until

PACKAGE = "matrix-synapse==1.163.2"
START_SECONDS = 90.0
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
# Each test has rooms of its own.
rc_room_creation: {{per_second: 1000, burst_count: 1000}}
rc_joins: {{local: {{per_second: 1000, burst_count: 1000}}}}
rc_login:
  address: {{per_second: 1000, burst_count: 1000}}
  account: {{per_second: 1000, burst_count: 1000}}
"""


@dataclass(frozen=True)
class Synapse:
    """Where it listens, and the access tokens of `brand` and `fan`."""

    url: str
    tokens: dict[str, str]


@contextmanager
def running_synapse(cache: Path) -> Iterator[Synapse]:
    """A server of its own, forgotten at the end. Raises NoPeer."""
    programs = installed(cache, PACKAGE.replace("==", "-"), python_with(PACKAGE)) / "bin"
    with tempfile.TemporaryDirectory(prefix="trellis-matrix-") as name:
        folder, (port,) = Path(name), free_ports(1)
        homeserver = [str(programs / "python"), "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
        made = [*homeserver, "--server-name", "garten.test", "--generate-config", "--report-stats=no"]
        do(made, seconds=START_SECONDS, folder=folder)
        (folder / "own.yaml").write_text(CONFIGURATION.format(port=port, secret=SECRET), encoding="utf-8")
        url, log = f"http://127.0.0.1:{port}", folder / "log"
        with running([*homeserver, "-c", "own.yaml"], folder=folder, log=log) as child:
            wait_until(child, answers(f"{url}/_matrix/client/versions"), log=log, seconds=START_SECONDS)
            yield Synapse(url, {account: _account(programs, url, account) for account in ("brand", "fan")})


def _account(programs: Path, url: str, name: str) -> str:
    """Registers somebody; gives the access token."""
    command = [str(programs / "register_new_matrix_user"), "-u", name, "-p", PASSWORD, "--no-admin", "-k", SECRET, url]
    do(command, seconds=60)
    who = {"type": "m.id.user", "user": name}
    body = {"type": "m.login.password", "identifier": who, "password": PASSWORD}
    answer = httpx.post(f"{url}/_matrix/client/v3/login", json=body, timeout=20).raise_for_status()
    return str(answer.json()["access_token"])
