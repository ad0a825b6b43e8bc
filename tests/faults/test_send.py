"""kill -9 of the sending worker at any moment, with Valkey emptied in between: every answer arrives exactly once."""

import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from inbox.clock import now
from inbox.conversations.models import Conversation, Message
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.jobs import Job, ring
from inbox.outbox.models import Delivery, DeliveryState
from tests.making import make_channel, make_conversation, make_teammate
from workers.send import PER_HOST

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
HOSTS = 3
SENDER = Path(__file__).with_name("sender.py")


def sender(platform: Path, moment: str, slowly: float = 0.0) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, str(SENDER), str(platform), moment, str(slowly)])


def answer(database: Database, number: int) -> list[int]:
    """Conversations at three hosts with one answer each, due at once."""
    with database.writing() as session:
        ada, channels = make_teammate(session), [make_channel(session, host=f"{each}.example") for each in range(HOSTS)]
        threads = [make_conversation(session, channels[each % HOSTS], (f"Question {each}?",)) for each in range(number)]
        for thread in threads:
            reply(session, thread, text="Answer.", by=ada, seen_version=1, undo_seconds=0)
        return [thread.id for thread in threads]


def let_leases_run_out(database: Database) -> None:
    with database.writing() as session:
        past = now() - timedelta(seconds=1)
        session.execute(sa.update(Delivery).where(Delivery.claimed_until.is_not(None)).values(claimed_until=past))
        session.execute(sa.update(Delivery).where(Delivery.look_at.is_not(None)).values(look_at=past))
        session.execute(sa.update(Delivery).where(Delivery.state == DeliveryState.QUEUED).values(not_before=past))


def check(database: Database, platform: Path, threads: list[int]) -> None:
    arrived = platform.read_text().splitlines()
    with database.reading() as session:
        deliveries = session.scalars(sa.select(Delivery)).all()
        assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
        assert sorted(arrived) == sorted(delivery.key for delivery in deliveries)
        sent = session.scalars(sa.select(Message).where(Message.delivery_id.is_not(None))).all()
        assert {message.external_id for message in sent} == {f"external-{key}" for key in arrived}
        waiting = sa.select(Conversation.id).where(Conversation.waiting_since.is_not(None))
        assert session.scalars(waiting).all() == []
        assert len(arrived) == len(threads)


@pytest.mark.parametrize("moment", ["opened", "accepted", "settling"])
def test_a_worker_killed_while_sending(database: Database, valkey_url: str, tmp_path: Path, moment: str) -> None:
    threads, platform = answer(database, HOSTS * PER_HOST + 2), tmp_path / "platform"
    assert sender(platform, moment).wait(60) == -9
    with database.reading() as session:
        states = list(session.scalars(sa.select(Delivery.state)))
    assert sorted(states) == ["queued", "queued", *["sending"] * HOSTS * PER_HOST]
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.flushall()
    let_leases_run_out(database)
    assert sender(platform, "never").wait(60) == 0
    check(database, platform, threads)


def test_a_worker_killed_while_looking(database: Database, valkey_url: str, tmp_path: Path) -> None:
    threads, platform = answer(database, 2), tmp_path / "platform"
    assert sender(platform, "accepted").wait(60) == -9
    let_leases_run_out(database)
    assert sender(platform, "looked").wait(60) == -9
    let_leases_run_out(database)
    assert sender(platform, "never").wait(60) == 0
    check(database, platform, threads)


def test_two_workers_killed_again_and_again(database: Database, valkey_url: str, tmp_path: Path) -> None:
    threads, platform, chance = answer(database, 24), tmp_path / "platform", random.Random(7)
    for _ in range(4):
        running = [sender(platform, "never", 0.15) for _ in range(2)]
        time.sleep(1.2 + chance.random())
        for each in running:
            each.kill()
            each.wait(10)
        let_leases_run_out(database)
    # A worker that was really still alive would have kept its lease; these are dead, so what they held is looked up.
    for _ in range(3):
        assert sender(platform, "never").wait(60) == 0
        let_leases_run_out(database)
    check(database, platform, threads)


def test_an_answer_is_found_although_nobody_rang(database: Database, tmp_path: Path) -> None:
    # No Valkey at all: the ring is lost, the answer is not.
    threads, platform = answer(database, 1), tmp_path / "platform"
    assert not ring(Job.SEND)
    assert sender(platform, "never").wait(60) == 0
    check(database, platform, threads)
