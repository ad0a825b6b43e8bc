"""A permission that renews itself once: processes that need it together, and kill -9 at any moment of the renewal."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from inbox.channels.models import Channel
from inbox.channels.open import StoredMemory, row_name
from inbox.clock import now
from inbox.config import Settings
from inbox.database import Database
from inbox.vault import open_vault
from tests.making import make_channel

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]
REFRESHER = Path(__file__).with_name("refresher.py")


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    return tmp_path / "spent"


@pytest.fixture
def number(database: Database, settings: Settings) -> int:
    """A channel on X whose token has run out."""
    vault, ended = open_vault(settings), (now() - timedelta(hours=1)).isoformat()
    with database.writing() as session:
        channel = make_channel(session, kind="x")
        channel.settings = {"client_id": "client-1"}
        channel.sealed = vault.seal({"client_secret": "geheim"}, row=row_name(channel.id))
        number = channel.id
    tokens = {"access_token": "access-0", "refresh_token": "refresh-0", "expires_at": ended}
    StoredMemory(number, database, vault).save({"tokens": tokens})
    return number


def refresher(platform: Path, number: int, moment: str = "never") -> "subprocess.Popen[str]":
    command = [sys.executable, str(REFRESHER), str(platform), str(number), moment]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    return process.communicate(timeout=60)[0].strip()


def let_the_turn_run_out(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(Channel).values(turn_until=now()))


def test_processes_that_need_a_token_together_renew_it_once(platform: Path, number: int) -> None:
    started = [refresher(platform, number) for _ in range(3)]
    assert [said(process) for process in started] == ["access-1"] * 3
    assert platform.read_text().split() == ["refresh-0"]


@pytest.mark.parametrize(
    ("moment", "then"),
    [
        ("asked", "access-1"),  # the platform never heard of it
        ("kept", "access-1"),  # what was granted is used, and nothing is asked for
        ("granted", "person"),  # nobody can have kept it: that is told, and not tried for ever
    ],
)
def test_who_comes_after_the_dead_has_a_token_or_asks_for_a_person(
    database: Database, platform: Path, number: int, moment: str, then: str
) -> None:
    killed = refresher(platform, number, moment)
    assert said(killed) == ""
    assert killed.returncode == -9
    let_the_turn_run_out(database)
    assert said(refresher(platform, number)) == then
    assert platform.read_text().split() == ["refresh-0"]
