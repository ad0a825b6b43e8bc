"""A server that answers for ever, one byte at a time, each of them well within any time-out."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat

PAUSE_SECONDS = 0.02


class Drip:
    """What it heard; `left` is set when the first caller has hung up."""

    def __init__(self, said: bytes, drop: bytes, context: ssl.SSLContext | None) -> None:
        self.said, self.drop, self.context = said, drop, context
        self.port, self.heard, self.left = 0, list[bytes](), threading.Event()

    def serve(self, listening: socket.socket) -> None:
        """Talk to one caller after another until nobody can call any more."""
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                with suppress(OSError), line, self.secured(line) as talking:
                    self.talk(talking)
                self.left.set()

    def secured(self, line: socket.socket) -> socket.socket:
        """The line, encrypted where the server is."""
        return self.context.wrap_socket(line, server_side=True) if self.context else line

    def talk(self, line: socket.socket) -> None:
        """Say at once what is `said`, then drop by drop, listening in between."""
        line.sendall(self.said)
        line.settimeout(PAUSE_SECONDS)
        for drop in chain(self.drop, repeat(self.drop[-1])):
            with suppress(TimeoutError):
                if not (words := line.recv(65_536)):
                    return
                self.heard.append(words)
            line.sendall(bytes([drop]))


@contextmanager
def dripping(drop: bytes, *, said: bytes = b"", context: ssl.SSLContext | None = None) -> Iterator[Drip]:
    """The server on a free port; it drops the bytes of `drop` and repeats the last one."""
    double = Drip(said, drop, context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        double.port = listening.getsockname()[1]
        thread = threading.Thread(target=double.serve, args=(listening,), daemon=True)
        thread.start()
        yield double
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
