"""Upgrades: an empty database gets exactly what the models say, an older, filled one is ready for the next step."""

import threading

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from inbox.channels.models import Channel
from inbox.config import BadSetting
from inbox.connectors.contract import Author, Batch, IncomingMessage
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Message
from inbox.conversations.search import search
from inbox.database import Database, connect
from inbox.migrations.migrate import configuration, current_revision, head, is_current, migrate, prepared
from inbox.tables import metadata


def test_an_upgraded_empty_database_is_what_the_models_say(empty_database_url: str) -> None:
    assert migrate(empty_database_url)
    with prepared(empty_database_url) as connection:
        command.check(configuration(connection))
        assert is_current(connection)


def test_the_search_index_is_the_same_by_migration_and_by_models(empty_database_url: str) -> None:
    migrate(empty_database_url)
    upgraded = _schema(empty_database_url)
    engine = connect(empty_database_url)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        metadata.create_all(connection)
    engine.dispose()
    assert {name: words for name, words in _schema(empty_database_url).items() if "search" in name} == {
        name: words for name, words in upgraded.items() if "search" in name
    }


def test_a_second_upgrade_does_nothing(empty_database_url: str) -> None:
    migrate(empty_database_url)
    assert not migrate(empty_database_url)


def test_two_upgrades_at_once_do_it_once(empty_database_url: str) -> None:
    done: list[bool] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(empty_database_url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, True]


def test_a_filled_database_keeps_its_rows_when_a_table_is_rebuilt(empty_database_url: str) -> None:
    migrate(empty_database_url)
    _fill(empty_database_url)
    # What a later migration will do, in the same surroundings: on SQLite this drops the old table and renames a copy.
    with prepared(empty_database_url) as connection:
        operations = Operations(MigrationContext.configure(connection, opts={"target_metadata": metadata}))
        recreate = "always" if connection.dialect.name == "sqlite" else "never"
        with operations.batch_alter_table("channels", recreate=recreate) as table:
            table.add_column(sa.Column("colour", sa.String(20), server_default="green", nullable=False))
        assert connection.execute(sa.text("SELECT colour FROM channels")).scalar() == "green"
        if connection.dialect.name == "sqlite":
            assert not connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    database = Database(empty_database_url)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1
        assert len(search(session, "hecke")) == 1
    database.dispose()


def test_a_failed_upgrade_changes_nothing(empty_database_url: str) -> None:
    migrate(empty_database_url)
    before = _schema(empty_database_url)
    with pytest.raises(ZeroDivisionError):
        _break_half_way(empty_database_url)
    assert _schema(empty_database_url) == before


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with prepared(empty_database_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '2099_01_01_from_the_future'")
    with pytest.raises(BadSetting, match="2099_01_01_from_the_future, which this version of Trellis does not know"):
        migrate(empty_database_url)


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(BadSetting, match="cannot be reached") as refusal:
        migrate("postgresql://trellis:geheim@127.0.0.1:1/trellis")
    assert "geheim" not in str(refusal.value)


def test_an_empty_database_has_no_revision(empty_database_url: str) -> None:
    with prepared(empty_database_url) as connection:
        assert current_revision(connection) is None
    assert head().startswith("20")


def _break_half_way(url: str) -> None:
    with prepared(url) as connection:
        connection.exec_driver_sql("DROP TABLE labels")
        connection.exec_driver_sql("CREATE TABLE half_done (id INTEGER)")
        _ = 1 / 0


def _fill(url: str) -> None:
    database = Database(url)
    with database.writing() as session:
        channel = Channel(kind="file", name="Garden")
        session.add(channel)
        session.flush()
        message = IncomingMessage("1", "1", "Die Hecke wächst", author=Author("a", name="Ada"))
        ingest(session, channel, "file", Batch(messages=[message]))
    database.dispose()


def _schema(url: str) -> dict[str, str]:
    engine = connect(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
            else:
                rows = connection.exec_driver_sql(
                    "SELECT table_name || '.' || column_name, data_type || coalesce(generation_expression, '')"
                    " FROM information_schema.columns WHERE table_schema = 'public'"
                    " UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
                )
            return {row[0]: row[1] for row in rows}
    finally:
        engine.dispose()
