"""However slowly a stranger answers, a thread is done in time; and once the time is up nothing leaves any more."""

import socket
import threading
from datetime import timedelta

import pytest
import time_machine

from inbox.clock import now
from inbox.connectors.contract import OutcomeUnknown, Passing
from inbox.connectors.deadline import ending, left
from inbox.connectors.http import fetch, open_client, submit
from inbox.connectors.smtp import Mail, SmtpServer, send_mail
from tests.unit.connectors.drip import dripping

pytestmark = pytest.mark.timeout(30)
SOON = timedelta(seconds=0.5)
MAIL = Mail(key="k1", to="fan@fan.test", subject="Hi", text="Hello", from_address="support@brand.test")


def plain(port: int) -> SmtpServer:
    return SmtpServer("127.0.0.1", port, security="none")


@pytest.mark.parametrize("drop", [b"HTTP/1.1 200 OK\r\nX: a", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n."])
def test_an_answer_that_drips_is_given_up_in_time(drop: bytes) -> None:
    with dripping(drop) as server, open_client(allow_private=True) as client:
        with ending(now() + SOON), pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            submit(client, "POST", f"http://127.0.0.1:{server.port}/", json={"text": "Hi"})
        assert server.left.wait(5)
        with ending(now() + SOON), pytest.raises(Passing, match="ReadTimeout"):
            fetch(client, "GET", f"http://127.0.0.1:{server.port}/")


def test_a_reader_who_takes_a_request_in_crumbs_is_left_in_time() -> None:
    left_alone = threading.Event()

    def take_in_crumbs(listening: socket.socket) -> None:
        line, _ = listening.accept()
        with line:
            while not left_alone.wait(0.01):
                line.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listening, open_client(allow_private=True) as client:
        thread = threading.Thread(target=take_in_crumbs, args=(listening,))
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with ending(now() + SOON), pytest.raises(OutcomeUnknown, match="WriteTimeout"):
            submit(client, "POST", address, content=b"x" * 20_000_000)
        left_alone.set()
        thread.join(20)


def test_a_server_that_greets_for_ever_is_given_up_in_time() -> None:
    with dripping(b"22") as server:
        with ending(now() + SOON), pytest.raises(Passing):
            send_mail(plain(server.port), MAIL)
        assert server.left.wait(5)
        assert server.heard == []


def test_a_mail_whose_receipt_drips_may_have_arrived() -> None:
    said = b"220 x\r\n250 x\r\n250 x\r\n250 x\r\n354 x\r\n"
    with dripping(b"22", said=said) as server, ending(now() + SOON), pytest.raises(OutcomeUnknown):
        send_mail(plain(server.port), MAIL)
    assert b"".join(server.heard).endswith(b"\r\n.\r\n")


def test_once_the_time_is_up_nobody_is_called() -> None:
    with dripping(b"x") as server, open_client(allow_private=True) as client, ending(now()):
        with pytest.raises(Passing, match="does not answer"):
            submit(client, "POST", f"http://127.0.0.1:{server.port}/", json={})
        with pytest.raises(Passing):
            send_mail(plain(server.port), MAIL)
        assert not server.left.wait(0.2)
        assert server.heard == []


def test_a_line_that_is_open_already_carries_nothing_more() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with dripping(b"\n", said=answer) as server, open_client(allow_private=True) as client:
        address = f"http://127.0.0.1:{server.port}/"
        with ending(now() + timedelta(minutes=4)):
            submit(client, "POST", address, content=b"first")
            # The machine slept for an hour in between.
            with time_machine.travel(now() + timedelta(hours=1)), pytest.raises((OutcomeUnknown, Passing)):
                submit(client, "POST", address, content=b"second")
        assert server.left.wait(5)
        assert b"second" not in b"".join(server.heard)


def test_the_earlier_end_counts_and_without_one_a_wait_is_as_long_as_it_is() -> None:
    assert (left(20.0), left(None)) == (20.0, None)
    with ending(now() + timedelta(seconds=10)), ending(now() + timedelta(seconds=99)):
        assert 9 < (left(20.0) or 0) <= 10
        assert left(1.0) == 1.0
        with ending(now()), pytest.raises(ZeroDivisionError):
            left(1.0, ZeroDivisionError)
        assert 9 < (left(None) or 0) <= 10
    assert left(20.0) == 20.0
