"""The web server's threads: nobody keeps one by sending a request drop by drop, and nobody who listens loses one."""

import socket
import threading
import time
from collections import deque

from inbox.commands.web import Patient


def worker() -> Patient:
    made = Patient.__new__(Patient)
    made.keepalived_conns, made.listening = deque(), {}
    return made


def test_a_thread_is_given_back_when_a_request_does_not_end() -> None:
    busy, (here, there) = worker(), socket.socketpair()
    busy.listening[1] = time.monotonic() - 1, here
    heard: list[bytes] = []
    reading = threading.Thread(target=lambda: heard.append(here.recv(10)))
    reading.start()
    busy.murder_keepalived()
    reading.join(5)
    assert heard == [b""]
    # An answer that takes long, as the live news do, goes on.
    here.sendall(b"news")
    assert there.recv(10) == b"news"
    here.close()
    there.close()


def test_who_has_sent_the_headers_has_a_minute_for_the_rest() -> None:
    busy, (here, there) = worker(), socket.socketpair()
    busy.listening[threading.get_ident()] = time.monotonic() - 1, here
    busy.heard_headers(None)
    busy.murder_keepalived()
    there.sendall(b"rest")
    assert here.recv(10) == b"rest"
    here.close()
    there.close()
