"""The fixtures themselves: both databases start empty, Valkey is real, nothing leaves the machine."""

import socket

import pytest
import redis
import sqlalchemy as sa

from inbox.config import Settings
from inbox.database import Database
from inbox.teams.models import Workspace


@pytest.mark.parametrize("round_", [1, 2])
def test_each_test_gets_an_empty_database(database: Database, round_: int) -> None:
    with database.writing() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workspace)) == 0
        session.add(Workspace(id=1, name=f"round {round_}"))


def test_the_settings_name_the_database_of_the_test(database_url: str, settings: Settings) -> None:
    assert settings.database == database_url


def test_valkey_is_real_and_in_the_settings(valkey_url: str, settings: Settings) -> None:
    assert settings.redis == valkey_url
    with redis.Redis.from_url(valkey_url) as connection:
        assert connection.dbsize() == 0
        connection.set("a", "1")
        assert connection.config_get("appendonly")["appendonly"] == "yes"


def test_there_is_no_network() -> None:
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("example.org", 80), timeout=1)
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("93.184.216.34", 80), timeout=1)
