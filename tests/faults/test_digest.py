"""kill -9 of the digest at any moment, two at once, with Valkey emptied in between: every reader gets exactly one."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from inbox.clock import now
from inbox.connectors.contract import Author, Batch, IncomingMessage
from inbox.conversations.ingest import ingest
from inbox.database import Database
from inbox.digests.models import Digest, Subscription
from inbox.digests.subscribe import subscribe
from inbox.outbox.models import Delivery
from tests.making import make_channel

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
DIGESTER = Path(__file__).with_name("digester.py")
READERS = 6


def digester(moment: str = "never", number: int = 1) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, str(DIGESTER), moment, str(number)])


@pytest.fixture
def readers(database: Database, valkey_url: str) -> list[str]:
    """Readers who have been due since last week, and messages of the week they have not heard about."""
    with database.writing() as session:
        channel = make_channel(session)
        messages = [
            IncomingMessage(f"m{day}", f"m{day}", "Where is it?", now() - timedelta(days=day), Author("a", name="Ana"))
            for day in range(21)
        ]
        ingest(session, channel, "s", Batch(messages=messages))
        for number in range(READERS):
            reader = subscribe(session, email=f"reader{number}@example.org", language="de" if number % 2 else "en")
            reader.created_at = now() - timedelta(days=60)
    return [f"reader{number}@example.org" for number in range(READERS)]


def mails(database: Database) -> Counter[str]:
    with database.reading() as session:
        return Counter(delivery.payload["to"] for delivery in session.scalars(sa.select(Delivery)))


@pytest.mark.parametrize("moment", ["written", "committed"])
@pytest.mark.parametrize("number", [1, 3])
def test_a_digest_killed_half_way(
    database: Database, valkey_url: str, readers: list[str], moment: str, number: int
) -> None:
    assert digester(moment, number).wait(60) == -9
    assert sum(mails(database).values()) == (number if moment == "committed" else number - 1)
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.flushall()
    assert digester().wait(60) == 0
    assert mails(database) == Counter(readers)


def test_two_at_once_and_a_third_later(database: Database, readers: list[str]) -> None:
    running = [digester(), digester()]
    assert [process.wait(60) for process in running] == [0, 0]
    assert digester().wait(60) == 0
    assert mails(database) == Counter(readers)
    with database.reading() as session:
        assert session.scalars(sa.select(sa.func.count()).select_from(Digest)).one() == READERS


def test_whoever_left_in_between_gets_none(database: Database, readers: list[str]) -> None:
    assert digester("committed", 1).wait(60) == -9
    with database.writing() as session:
        session.execute(sa.update(Subscription).where(Subscription.email == readers[-1]).values(unsubscribed_at=now()))
    assert digester().wait(60) == 0
    assert mails(database) == Counter(readers[:-1])
