"""The moment by which a thread has done with the network, however slowly strangers read and answer.

A time-out bounds one wait, and who sends a byte a second never lets it pass. These sockets wait no longer than is left, and
nothing leaves through them afterwards. It is a moment of the clock by which claims are written: that one goes on while a
machine sleeps, and when it is set, claims run out with it.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import httpcore

from inbox.clock import now

_end: ContextVar[datetime | None] = ContextVar("end", default=None)


@contextmanager
def ending(at: datetime) -> Iterator[None]:
    """While inside, this thread waits for nobody after `at`, nor after an earlier end that it is inside of already."""
    outer = _end.get()
    token = _end.set(at if outer is None else min(at, outer))
    try:
        yield
    finally:
        _end.reset(token)


def left(seconds: float | None, late: type[Exception] = TimeoutError) -> float | None:
    """How long one wait may last that would last `seconds` (None: for ever). Raises `late` when nothing is left."""
    end = _end.get()
    if end is None:
        return seconds
    rest = (end - now()).total_seconds()
    if rest <= 0:
        # As a wait that timed out is raised, so that nobody need tell the two apart.
        raise late(TimeoutError("timed out"))
    return rest if seconds is None else min(seconds, rest)


class TimedBackend(httpcore.SyncBackend):
    """Connections of HTTP that keep the deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        patience = left(timeout, httpcore.ConnectTimeout)
        return TimedStream(super().connect_tcp(host, port, patience, local_address, socket_options))


class TimedStream(httpcore.NetworkStream):
    """One of them, plain or encrypted."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The stream's own way gives every crumb that is taken the whole time anew.
        sock, rest = self._stream.get_extra_info("socket"), memoryview(buffer)
        try:
            while rest:
                sock.settimeout(left(timeout))
                rest = rest[sock.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(error) from error
        except OSError as error:
            raise httpcore.WriteError(error) from error

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        patience = left(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, patience))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


class TimedSocket(socket.socket):
    """A socket of mail that keeps the deadline."""

    def recv(self, *arguments: Any) -> bytes:
        with _in_time(self):
            return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        with _in_time(self):
            return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        with _in_time(self):
            super().sendall(*arguments)


class TimedTls(ssl.SSLSocket):
    """The same, encrypted; its `sendall` sends piece by piece."""

    def recv(self, *arguments: Any) -> bytes:
        with _in_time(self):
            return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        with _in_time(self):
            return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        with _in_time(self):
            return super().send(*arguments)


@contextmanager
def _in_time(sock: socket.socket) -> Iterator[None]:
    own = sock.gettimeout()
    sock.settimeout(left(own))
    try:
        yield
    finally:
        sock.settimeout(own)
