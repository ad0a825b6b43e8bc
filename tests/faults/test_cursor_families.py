"""Ten thousand items by every family of cursors, a month of outage, patience, ties and kill -9: nothing lost, nothing twice."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from inbox.channels.ledger import totals
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from tests.families import BEFORE, FAMILIES, ITEMS, Platform, family_channel, text_of, use_families

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]
WORKER = Path(__file__).with_name("family_worker.py")


@pytest.fixture
def deaths() -> Iterator[random.Random]:
    """The moments of death: other ones each time, told when the test fails."""
    seed = random.randrange(10_000)
    yield random.Random(seed)
    print(f"seed {seed}")


def work(statement: int = 0) -> bool:
    """Run one worker; whether it came to its end."""
    done = subprocess.run(
        [sys.executable, str(WORKER), str(statement)], check=False, capture_output=True, text=True, timeout=400
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2_000:]
    return done.returncode == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_lost_and_nothing_comes_twice(
    database: Database, valkey_url: str, tmp_path: Path, deaths: random.Random, family: str
) -> None:
    use_families()
    path = tmp_path / "platform.json"
    with database.writing() as session:
        channel_id = family_channel(session, path, family).id
    # Each page is some twenty statements: one death among the first pages, and others deep inside.
    assert not work(deaths.randint(15, 200))
    assert work()
    check(database, channel_id, Platform.at(path), BEFORE)

    platform = Platform.at(path)
    platform.visible = ITEMS
    platform.keep()
    assert not work(deaths.randint(15, 120))
    assert not work(deaths.randint(200, 600))
    assert work()
    check(database, channel_id, Platform.at(path), ITEMS)


def check(database: Database, channel_id: int, platform: Platform, number: int) -> None:
    with database.reading() as session:
        found = dict(session.execute(sa.select(Message.external_id, Message.text)).all())  # type: ignore[arg-type]
        there = set(range(number)) - set(platform.gone)
        assert not {n for n in there if str(n) not in found}
        assert len(found) <= number
        assert {found[str(n)] for n in there} == {text_of(platform, n) for n in there}
        counts = totals(session, channel_id)
        assert counts.balances
        assert (counts.stored, counts.quarantined, counts.filtered) == (len(found), 0, 0)
        # What comes again after a kill or an expired token is few beside what is new.
        assert counts.duplicate <= number // 2
        assert counts.edited <= len(platform.edited)
        messages = session.scalar(sa.select(sa.func.sum(Conversation.message_count)))
        assert messages == len(found)
        print(f"{platform.reads} reads, {counts}")
