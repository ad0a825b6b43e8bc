"""kill -9 of `trellis worker` with answers in flight at several servers: another one brings each there exactly once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.channels.open import row_name
from inbox.clock import now
from inbox.config import Settings
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.jobs import Job, ring
from inbox.outbox.models import Delivery, DeliveryState
from inbox.vault import open_vault
from tests.faults.posting_server import PostingServer, posting_server
from tests.making import make_channel, make_conversation, make_teammate
from workers.send import PER_HOST

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
EACH = PER_HOST + 2


@pytest.fixture
def servers() -> Iterator[list[PostingServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(posting_server()) for _ in range(3)]


@pytest.fixture
def worker(valkey_url: str) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> "subprocess.Popen[bytes]":
        allowed = {"TRELLIS_REDIS_URL": valkey_url, "TRELLIS_ALLOW_PRIVATE_ADDRESSES": "true"}
        command = [sys.executable, "-m", "inbox.cli", "worker", *options]
        started.append(subprocess.Popen(command, env=os.environ | allowed))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def answer(database: Database, settings: Settings, servers: list[PostingServer]) -> None:
    """Queue answers at each server, all with words of their own."""
    vault = open_vault(settings)
    with database.writing() as session:
        ada = make_teammate(session)
        for place, server in enumerate(servers):
            channel = make_channel(session, settings={"server": server.address, "watch": ""}, host=server.address)
            channel.sealed = vault.seal({"access_token": "t"}, row=row_name(channel.id))
            for each in range(EACH):
                thread = make_conversation(session, channel, (f"Question {each}?",))
                reply(session, thread, text=f"Answer {place}-{each}.", by=ada, seen_version=1, undo_seconds=0)


def let_everything_be_due(database: Database) -> None:
    past = now() - timedelta(seconds=1)
    with database.writing() as session:
        for column in (Delivery.claimed_until, Delivery.look_at, Delivery.not_before):
            session.execute(sa.update(Delivery).where(column.is_not(None)).values({column.key: past}))


def states(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(sa.select(Delivery.state)))


def test_each_answer_arrives_once(
    database: Database,
    settings: Settings,
    servers: list[PostingServer],
    worker: Callable[..., Any],
    eventually: Callable[..., Any],
) -> None:
    answer(database, settings, servers)
    ring(Job.SEND)
    first = worker()
    eventually(lambda: [server.asked for server in servers] == [PER_HOST] * len(servers), seconds=60)
    first.kill()
    assert first.wait(10) == -9
    assert [len(server.statuses) for server in servers] == [PER_HOST - PER_HOST // 2] * len(servers)
    for server in servers:
        server.opened.set()
    for _ in range(3):
        let_everything_be_due(database)
        ring(Job.RESCUE)
        ring(Job.SEND)
        assert worker("--burst").wait(120) == 0
    assert states(database) == {DeliveryState.SENT}
    said = sorted(status["content"] for server in servers for status in server.statuses)
    assert said == sorted(f"Answer {place}-{each}." for place in range(len(servers)) for each in range(EACH))
    there = {status["id"] for server in servers for status in server.statuses}
    with database.reading() as session:
        assert set(session.scalars(sa.select(Delivery.external_id))) == there
