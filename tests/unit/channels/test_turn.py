"""A channel's turn: one inside at a time over processes, waited for with patience, taken over when its holder is gone."""

import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from inbox.channels.models import Channel
from inbox.channels.open import StoredMemory
from inbox.channels.turn import turn
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import Passing
from inbox.database import Database
from inbox.vault import open_vault
from tests.making import make_channel

REFRESH = """
import sys, time
from inbox.channels.open import StoredMemory
from inbox.config import load_settings
from inbox.database import Database
from inbox.vault import open_vault

memory = StoredMemory(int(sys.argv[2]), Database(sys.argv[1]), open_vault(load_settings()))
for _ in range(5):
    with memory.alone():
        count = memory.load().get("count", 0)
        time.sleep(0.02)
        memory.save({"count": count + 1})
"""


@pytest.fixture
def number(database: Database) -> int:
    with database.writing() as session:
        return make_channel(session).id


def test_processes_that_use_a_token_once_do_not_overtake_each_other(
    database: Database, database_url: str, settings: Settings, number: int
) -> None:
    vault = open_vault(settings)
    started = [subprocess.Popen([sys.executable, "-c", REFRESH, database_url, str(number)]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert StoredMemory(number, database, vault).load() == {"count": 15}


def test_who_waits_too_long_is_told_to_come_again(database: Database, number: int) -> None:
    with turn(number, database), pytest.raises(Passing, match="Another process"), turn(number, database, patience=0.3):
        pytest.fail("two were inside")
    with turn(number, database, patience=0):
        pass


def test_no_transaction_is_open_while_inside(database: Database, number: int) -> None:
    with turn(number, database), database.writing() as session:
        session.get_one(Channel, number).name = "written meanwhile"


def test_the_turn_of_the_dead_runs_out(database: Database, number: int) -> None:
    with database.writing() as session:
        session.execute(sa.update(Channel).values(turn="dead", turn_until=now()))
    with turn(number, database, patience=0):
        pass


def test_who_overstayed_does_not_end_the_turn_of_another(database: Database, number: int) -> None:
    first, second = turn(number, database), turn(number, database)
    first.__enter__()
    with database.writing() as session:
        session.execute(sa.update(Channel).values(turn_until=now()))
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(Passing), turn(number, database, patience=0):
        pytest.fail("two were inside")
    second.__exit__(None, None, None)


def test_a_turn_ends_when_the_work_in_it_fails(database: Database, number: int) -> None:
    with pytest.raises(ZeroDivisionError), turn(number, database):
        _ = 1 / 0
    began = time.monotonic()
    thread = threading.Thread(target=lambda: turn(number, database, patience=0).__enter__())
    thread.start()
    thread.join()
    assert time.monotonic() - began < 5
