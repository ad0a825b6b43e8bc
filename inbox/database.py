"""Engines, sessions and the few places where SQLite and PostgreSQL differ. Transactions are opened by the edges only."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from inbox.sentence import pack, unpack

SQLITE_WAITS_MS = 20_000
LARGEST_ID = 2**63 - 1

Q = TypeVar("Q", bound=sa.Select[*tuple[Any, ...]])


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


class Told(sa.TypeDecorator[str]):
    """A text for a person, stored so that it can still be said in another language: comes back as a Sentence."""

    impl = sa.Text
    cache_ok = True
    LIMIT = 2_000

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else pack(value, self.LIMIT)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unpack(value)


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


def connect(url: str, *, pool_size: int = 10, is_bounded: bool = False) -> Engine:
    """An engine for `url`. On SQLite every transaction takes the write lock at its start unless it says `reading`.

    One that `is_bounded` opens no more than `pool_size` connections; whoever needs one waits for it in turn.
    """
    if not url.startswith("sqlite"):
        if url.startswith("postgresql://"):
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        more = 0 if is_bounded else 20
        return sa.create_engine(url, pool_size=pool_size, max_overflow=more, pool_pre_ping=True, hide_parameters=True)
    # Parameters are what people wrote; an error must not carry them into a log.
    engine = sa.create_engine(
        url,
        connect_args={"timeout": SQLITE_WAITS_MS / 1000},
        pool_size=pool_size,
        max_overflow=0 if is_bounded else 250,
        hide_parameters=True,
    )

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

    def __init__(self, url: str, *, connections: int | None = None) -> None:
        """With at most so many `connections` at once, or as many as threads ask for."""
        self.engine = connect(url, pool_size=connections, is_bounded=True) if connections else connect(url)
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


def skip_locked(session: Session, query: Q, of: type[Base] | None = None) -> Q:
    """Lock the rows (of one table, where several are joined) and pass over those that other workers have locked.

    On SQLite the write lock has already done it.
    """
    return query if is_sqlite(session) else query.with_for_update(skip_locked=True, of=of)


def given(session: Session, table: type[Base], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> sa.FromClause:
    """Rows from Python as a table with the named columns of `table`, to select, insert or update from.

    They travel as one JSON parameter, so a statement stays one statement, and the same one, however many they are.
    """
    data = sa.literal(packed(is_sqlite(session), names, rows), sa.Text())
    return given_later(is_sqlite(session), table, names, data)


def given_later(sqlite: bool, table: type[Base], names: Sequence[str], data: sa.BindParameter[str]) -> sa.FromClause:
    """The same for a statement that is built once: `data` gets what `packed` makes of the rows when it is executed."""
    columns = [table.__table__.c[name] for name in names]
    if sqlite:
        each = sa.func.json_each(data).table_valued("value")
        parts = (sa.func.json_extract(each.c.value, f"$[{place}]") for place in range(len(names)))
        typed = (sa.type_coerce(part, column.type) for part, column in zip(parts, columns, strict=True))
        return sa.select(*(part.label(name) for part, name in zip(typed, names, strict=True))).subquery("given")
    records = sa.func.jsonb_to_recordset(sa.cast(data, postgresql.JSONB))
    typed_columns = (sa.column(name, column.type) for name, column in zip(names, columns, strict=True))
    return records.table_valued(*typed_columns, name="given").render_derived(with_types=True)


def packed(sqlite: bool, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows as one JSON parameter for `given_later` with these names."""
    if sqlite:
        return _SQLITE_JSON.encode(list(rows))
    return _JSON.encode([dict(zip(names, row, strict=True)) for row in rows])


def insert_given(session: Session, table: type[Base], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    """An INSERT of the rows in one statement, whatever their number; add `returning` or execute it as it is."""
    source = given(session, table, names, rows)
    # WHERE true: without it SQLite takes a following ON CONFLICT for a join condition.
    return insert(session, table).from_select(names, sa.select(*(source.c[name] for name in names)).where(sa.true()))


def insert_rows(
    session: Session,
    table: type[Base],
    names: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    *,
    returning: tuple[str, ...] = (),
) -> Any:
    """Insert the rows in one statement that is built once, and give back the columns `returning`, in any order."""
    sqlite = is_sqlite(session)
    return session.execute(_insertion(sqlite, table, names, returning), {"rows": packed(sqlite, names, rows)})


@lru_cache(maxsize=64)
def _insertion(sqlite: bool, table: type[Base], names: tuple[str, ...], returning: tuple[str, ...]) -> Any:
    source = given_later(sqlite, table, names, sa.bindparam("rows", type_=sa.Text()))
    # The table, not the class: there SQLAlchemy would take the parameters for rows.
    into: Any = table.__table__
    query = sa.insert(into).from_select(names, sa.select(*(source.c[name] for name in names)))
    return query.returning(*(into.c[name] for name in returning)) if returning else query


def among(session: Session, column: Any, values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """Whether the column is one of `values`, with one parameter whatever their number."""
    sqlite = is_sqlite(session)
    return among_later(sqlite, column, sa.literal(packed_values(sqlite, column, values), sa.Text()))


def among_later(sqlite: bool, column: Any, data: sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    """The same for a statement that is built once: `data` gets what `packed_values` makes of the values."""
    source = given_later(sqlite, column.class_, [column.key], data)
    return column.in_(sa.select(source.c[column.key]))  # type: ignore[no-any-return]


def packed_values(sqlite: bool, column: Any, values: Iterable[Any]) -> str:
    """The values as one JSON parameter for `among_later` with this column."""
    return packed(sqlite, [column.key], [(value,) for value in values])


@lru_cache(maxsize=4_096)
def _sqlite_text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _sqlite_time(value: Any) -> str:
    return _sqlite_text(value) if isinstance(value, datetime) else _iso_time(value)


def _iso_time(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be given to the database")


# Made once: json.dumps would make a new one for every call that has other than its own defaults.
_SQLITE_JSON = json.JSONEncoder(default=_sqlite_time, ensure_ascii=False)
_JSON = json.JSONEncoder(default=_iso_time, ensure_ascii=False)
