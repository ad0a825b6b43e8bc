"""The door: what strangers can try, how often, and what it costs us."""

import logging
import re
import threading
import time
from typing import Any

import pytest

from inbox.database import Database
from inbox.pages import access
from inbox.teams import sign_in
from inbox.teams.models import Role, Teammate
from inbox.teams.sign_in import check_password, hash_password
from inbox.web import limiter


@pytest.fixture
def ada(app: Any) -> Teammate:
    with app.extensions["trellis"].database.writing() as session:
        teammate = Teammate(email="ada@example.org", name="Ada", role=Role.ADMIN, password_hash=hash_password("a" * 10))
        session.add(teammate)
    return teammate


def test_one_account_is_not_guessed_from_many_addresses(app: Any, client: Any, ada: Teammate, valkey_url: str) -> None:
    limiter.enabled = True
    limiter.reset()
    visitor = app.test_client()

    def knocks(number: int, email: str = " ADA@example.org", password: str = "wrong") -> int:
        form = {"email": email, "password": password}
        return int(visitor.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}).status_code)

    try:
        assert [knocks(number % 50) for number in range(100)] == [422] * 100
        assert knocks(60) == 429
        assert knocks(61, email="else@example.org") == 422
    finally:
        limiter.reset()
        limiter.enabled = False


def test_a_hundred_at_the_door_do_not_fill_the_memory(
    database: Database, quick_passwords: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    class Slow:
        def verify(self, known: str, password: str) -> bool:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1
            return False

        def hash(self, password: str) -> str:
            return "x"

    monkeypatch.setattr(sign_in, "hasher", Slow)

    def knock() -> None:
        with database.reading() as session:
            check_password(session, "nobody@example.org", "wrong")

    knocking = [threading.Thread(target=knock) for _ in range(12)]
    for each in knocking:
        each.start()
    for each in knocking:
        each.join()
    assert most == 2


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "javascript:1",
        "//[",
        " //evil.test",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(app: Any, target: str) -> None:
    with app.test_request_context():
        assert access.safe_next(target) == "/conversations"


def test_a_secret_address_is_not_in_the_log_of_a_fault(
    app: Any, client: Any, told: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False

    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("inbox.pages.sign_in.find_invited", broken)
    assert client.get("/invitations/verysecret").status_code == 500
    assert told
    assert not any("verysecret" in str(vars(record)) for record in told)


def test_what_nobody_signed_is_not_read_to_any_length(app: Any, client: Any) -> None:
    kind = {"kind": "webhook", "name": "Shop"}
    client.post("/channels", data=kind)
    answer = app.test_client().post("/receive/1", data=b"x" * (9 * 1_048_576), content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize("password", ["short", "x" * 1_001], ids=["short", "long"])
def test_a_password_that_cannot_be_used_is_said_beside_its_field(
    app: Any, visitor: Any, sign_in_as: Any, password: str
) -> None:
    person = {"name": "Ada", "email": "a@b.test", "language": "en", "time_zone": "UTC", "password": password}
    assert visitor.post("/set-up", data={**person, "workspace": "Garden"}).status_code == 422
    page = sign_in_as("admin").post("/teammates", data={"email": "b@b.test", "name": "x" * 500, "role": "reader"}).text
    secret = re.search(r"/invitations/([\w-]+)", page)
    assert secret
    address = f"/invitations/{secret[1]}"
    assert visitor.post(address, data={"name": "Bo", "password": password}).status_code == 422
    assert visitor.post(address, data={"name": "x" * 500, "password": "a" * 10}).status_code == 422
    assert visitor.post(address, data={"name": "Bo", "password": "a" * 10}).status_code == 302
    with app.extensions["trellis"].database.reading() as session:
        assert session.query(Teammate).filter_by(email="b@b.test").one().name == "Bo"
    assert visitor.post(address, data={"name": "Eve", "password": "b" * 10}).headers["Location"] == address
