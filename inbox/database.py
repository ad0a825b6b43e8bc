"""Engines, sessions and the few places where SQLite and PostgreSQL differ. Transactions are opened by the edges only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_WAITS_MS = 20_000


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite has no zones, so it gets the naive UTC time and gives it back aware."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Base(DeclarativeBase):
    """The mother of all tables; names of constraints are fixed so that migrations can find them on both databases."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}


def connect(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for `url`. On SQLite every transaction takes the write lock at its start unless it says `reading`."""
    if not url.startswith("sqlite"):
        if url.startswith("postgresql://"):
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        return sa.create_engine(url, pool_size=pool_size, max_overflow=20, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": SQLITE_WAITS_MS / 1000}, pool_size=pool_size, max_overflow=250)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: ConnectionPoolEntry) -> None:
        # The driver's own transaction handling sends no BEGIN before a SELECT and so loses updates.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={SQLITE_WAITS_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("trellis_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


class Database:
    """The database of one process: `with database.writing() as session` and `with database.reading() as session`."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self._write = sessionmaker(self.engine, expire_on_commit=False)
        self._read = sessionmaker(
            self.engine.execution_options(trellis_reading=True), expire_on_commit=False, autoflush=False
        )

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: commits at the end, rolls back on any error, then rings for the jobs queued in it."""
        with self._write() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent look that takes no write lock and never commits."""
        with self._read() as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def is_sqlite(session: Session) -> bool:
    """Whether this session speaks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def insert(session: Session, table: type[Base]) -> Any:
    """An INSERT of the session's dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if is_sqlite(session) else postgresql.insert(table)


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], unique: Sequence[str]) -> None:
    """Insert the rows whose `unique` columns are not there yet, and leave the others as they are."""
    if rows:
        session.execute(insert(session, table).on_conflict_do_nothing(index_elements=unique), list(rows))


def skip_locked(session: Session, query: sa.Select[Any]) -> sa.Select[Any]:
    """Lock the rows against other workers and pass over locked ones; on SQLite the write lock has already done it."""
    return query if is_sqlite(session) else query.with_for_update(skip_locked=True)
