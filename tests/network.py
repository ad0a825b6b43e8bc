"""Keeps tests on this machine."""

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves this machine: a connection to another one is refused with the name of the place."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def local(host: Any) -> bool:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        return (
            name in {"", "localhost", "::1", "0.0.0.0", "::"} or name.startswith("127.") or name.endswith(".localhost")
        )

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not local(address[0]):
            raise OSError(f"tests have no network: {address[0]}")
        connect(self, address)

    def resolved(host: Any, *rest: Any, **options: Any) -> Any:
        if host is not None and not local(host) and not _is_number(host):
            raise socket.gaierror(socket.EAI_NONAME, f"tests have no network: {host}")
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)


def _is_number(host: Any) -> bool:
    try:
        resolved = socket.inet_pton(socket.AF_INET6 if ":" in str(host) else socket.AF_INET, str(host))
    except (OSError, ValueError):
        return False
    return bool(resolved)
