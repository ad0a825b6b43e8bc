"""kill -9 of a worker while it polls, stores or labels, with Valkey emptied in between: nothing lost, nothing doubled."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from inbox.channels.ledger import totals
from inbox.channels.models import Channel, Stream
from inbox.clock import now
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from inbox.labels.models import Label
from inbox.members.models import Identity, Member
from tests.pages import pages_channel, use_pages, write_pages

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
WORKER = Path(__file__).with_name("worker.py")
# Statements of a whole run lie between these; most deaths shall hit the middle of one.
LONGEST = 60


@pytest.fixture
def deaths() -> Iterator[random.Random]:
    """The moments of death: other ones each time, told when the test fails."""
    seed = random.randrange(10_000)
    yield random.Random(seed)
    print(f"seed {seed}")


def work(job: str, statement: int = 0) -> bool:
    """Run one worker; whether it came to its end."""
    done = subprocess.run(
        [sys.executable, str(WORKER), job, str(statement)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2_000:]
    return done.returncode == 0


def let_leases_run_out(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(Stream).values(claimed_until=now() - timedelta(seconds=1), due_at=now()))


def empty(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as connection:
        connection.flushall()


def plant(database: Database, path: Path) -> int:
    """Twelve pages of 20 with overlaps, edits and deletions."""
    pages = [[[f"{page // 3}.{page}-{each}", f"text {page} {each}"] for each in range(20)] for page in range(12)]
    pages[5].append(["1.3-0", "edited"])
    pages[7] += [["0.0-0", None], ["9.9-9", None], ["2.6-1", None]]
    pages[9].append(["0.0-0", "a stale copy"])
    use_pages()
    with database.writing() as session:
        return pages_channel(session, write_pages(path, *pages)).id


def check(database: Database, channel_id: int) -> None:
    with database.reading() as session:
        messages = {message.external_id: message for message in session.scalars(sa.select(Message))}
        assert len(messages) == 12 * 20
        assert {key for key, message in messages.items() if message.deleted_at} == {"0.0-0", "2.6-1"}
        assert messages["1.3-0"].text == "edited"
        counts = totals(session, channel_id)
        assert counts.balances
        assert (counts.stored, counts.tombstoned, counts.edited, counts.quarantined) == (240, 3, 1, 0)
        seen = {thread.external_id: thread.message_count for thread in session.scalars(sa.select(Conversation))}
        assert seen == {str(number): 60 for number in range(4)}
        assert session.scalars(sa.select(Stream.cursor)).one() == {"page": 12}
        authors = session.scalar(sa.select(sa.func.count()).select_from(Identity))
        assert session.scalar(sa.select(sa.func.count()).select_from(Member)) == authors == 7
        assert session.get_one(Channel, channel_id).last_success_at


def test_a_poll_killed_anywhere_loses_and_doubles_nothing(
    database: Database, valkey_url: str, tmp_path: Path, deaths: random.Random
) -> None:
    channel_id = plant(database, tmp_path / "garden.json")
    died = sum(not _one_more_death(database, valkey_url, "poll", deaths) for _ in range(6))
    assert died >= 2
    let_leases_run_out(database)
    assert work("poll")
    check(database, channel_id)


def test_labels_killed_at_every_statement_are_all_there_once(
    database: Database, valkey_url: str, tmp_path: Path
) -> None:
    plant(database, tmp_path / "garden.json")
    assert work("poll")
    statement = 1
    while not work("classify", statement):
        statement += 1
        empty(valkey_url)
    assert statement > 3
    with database.reading() as session:
        waiting = Message.labelled_at.is_(None) & Message.deleted_at.is_(None)
        assert session.scalar(sa.select(sa.func.count()).where(waiting)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Label)) == 12 * 20 - 2
        assert set(session.scalars(sa.select(Conversation.tag))) == {"question"}


def test_a_poll_and_a_classifier_killed_beside_each_other(
    database: Database, valkey_url: str, tmp_path: Path, deaths: random.Random
) -> None:
    channel_id = plant(database, tmp_path / "garden.json")
    for _ in range(2):
        workers = [
            subprocess.Popen(
                [sys.executable, str(WORKER), job, str(deaths.randint(1, LONGEST))], stderr=subprocess.DEVNULL
            )
            for job in ("poll", "classify", "poll")
        ]
        for worker in workers:
            worker.wait(60)
        let_leases_run_out(database)
        empty(valkey_url)
    assert work("poll")
    assert work("classify")
    check(database, channel_id)
    with database.reading() as session:
        assert (
            session.scalar(
                sa.select(sa.func.count()).where(Message.labelled_at.is_(None), Message.deleted_at.is_(None))
            )
            == 0
        )


def _one_more_death(database: Database, valkey_url: str, job: str, deaths: random.Random) -> bool:
    let_leases_run_out(database)
    empty(valkey_url)
    return work(job, deaths.randint(1, LONGEST))
