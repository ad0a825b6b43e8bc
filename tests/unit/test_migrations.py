"""Upgrades: an empty database gets exactly what the models say, an older, filled one is ready for the next step."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.config import BadSetting
from inbox.connectors.contract import Author, Batch, IncomingMessage
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Message
from inbox.conversations.search import search
from inbox.database import Database, connect
from inbox.migrations.migrate import configuration, current_revision, head, is_current, migrate, prepared
from inbox.tables import metadata
from inbox.trackers.models import Tracker


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


def test_channels_learn_their_host_and_older_messages_are_asked_for_again(empty_database_url: str) -> None:
    with prepared(empty_database_url) as connection:
        command.upgrade(configuration(connection), "2026_11_21_message_metrics")
        _plant_older(connection)
    begin = now()
    migrate(empty_database_url)
    database = Database(empty_database_url)
    with database.reading() as session:
        hosts = {channel.name: channel.host for channel in session.scalars(sa.select(Channel))}
        asks = {key: at and round((at - begin) / timedelta(hours=1)) for key, at in session.execute(ASKS)}
    database.dispose()
    assert hosts == {"Us": "garden.example:8443", "Feed": "rake.example", "News": "hacker_news"}
    assert asks == {"Us 0": 0, "Us 2": 1, "Us 20": 24, "Us 90": None, "Us gone": None, "Feed 0": None}


def test_trackers_learn_their_host(empty_database_url: str) -> None:
    settings = [
        ("github", {"repository": "a/b", "api_url": "https://git.example/api/v3"}),
        ("webhook", {"url": "https://u:p@Hook.example:8443/x"}),
        ("email", {"address": "p@example.org"}),
        ("webhook", {"url": "https://[broken"}),
    ]
    with prepared(empty_database_url) as connection:
        command.upgrade(configuration(connection), "2026_11_21_channel_hosts")
        names = ("product_teams", "trackers")
        teams, trackers = (sa.Table(name, sa.MetaData(), autoload_with=connection) for name in names)
        connection.execute(sa.insert(teams).values(_filled(teams, id=1)))
        for kind, chosen in settings:
            row = _filled(trackers, product_team_id=1, kind=kind, settings=chosen)
            connection.execute(sa.insert(trackers).values(row))
    migrate(empty_database_url)
    database = Database(empty_database_url)
    with database.reading() as session:
        hosts = session.scalars(sa.select(Tracker.host).order_by(Tracker.id)).all()
    database.dispose()
    assert hosts == ["git.example", "hook.example:8443", "email", "webhook"]


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


ASKS = sa.select(Message.external_id, Message.ask_again_at)


def _plant_older(connection: sa.Connection) -> None:
    """Three channels and their messages, as a version before knew them."""
    channels, conversations, messages = (
        sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("channels", "conversations", "messages")
    )
    settings = {
        "Us": ("mastodon", {"server": "https://Garden.example:8443", "watch": ""}),
        "Feed": ("rss", {"url": "https://user:secret@rake.example/feed?x=1"}),
        "News": ("hacker_news", {"watch": "rake"}),
    }
    for number, (name, (kind, chosen)) in enumerate(settings.items(), 1):
        row = _filled(channels, id=number, name=name, kind=kind, settings=chosen)
        connection.execute(sa.insert(channels).values(row))
        connection.execute(sa.insert(conversations).values(_filled(conversations, id=number, channel_id=number)))
    for number, key, days in [(1, "Us 0", 0), (1, "Us 2", 2), (1, "Us 20", 20), (1, "Us 90", 90), (2, "Feed 0", 0)]:
        row = _filled(messages, channel_id=number, conversation_id=number, external_id=key)
        connection.execute(sa.insert(messages).values(row | {"posted_at": _ago(days)}))
    gone = {"channel_id": 1, "conversation_id": 1, "external_id": "Us gone", "deleted_at": _ago(0)}
    connection.execute(sa.insert(messages).values(_filled(messages, **gone)))


def _filled(table: sa.Table, **values: Any) -> dict[str, Any]:
    """A row in which every column that needs something has something."""
    nothing: dict[type, Any] = {str: "", int: 0, bool: False, datetime: _ago(0)}
    needed = [c for c in table.c if not c.nullable and c.server_default is None and not c.primary_key]
    return {column.name: nothing.get(column.type.python_type, {}) for column in needed} | values


def _ago(days: int) -> datetime:
    return now() - timedelta(days=days, minutes=5)


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
