"""The full-text index over messages, subjects and authors: FTS5 with triggers on SQLite, generated columns on PostgreSQL.

The tables bring it along when they are made, in tests as in the migration.
"""

# ruff: noqa: S608  (the names in these statements are the constants below)

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection

from inbox.conversations.models import Conversation, Message

# Table, the columns that are looked in, and the name of its index.
INDEXED = (
    ("messages", ("text",), "messages_search"),
    ("conversations", ("subject", "author_name"), "conversations_search"),
)
# Everything that separates words, told by code points because what a class like [:alnum:] means depends on the server.
SEPARATORS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u2190-\u2bff\u3000-\u303f\U0001f000-\U0001faff]+"
)


def add_search_index(connection: Connection, table: str) -> None:
    """Make the index of one of the tables in INDEXED anew and fill it. Harmless to repeat."""
    columns, name = next((columns, name) for known, columns, name in INDEXED if known == table)
    statements = _sqlite(table, columns, name) if connection.dialect.name == "sqlite" else _postgresql(table, columns)
    for statement in statements:
        connection.exec_driver_sql(statement)


def is_search(name: str | None) -> bool:
    """Whether a table, column or index belongs to the search index, which the models do not know."""
    return name == "search" or any((name or "").removeprefix("ix_").startswith(index) for *_, index in INDEXED)


def _sqlite(table: str, columns: tuple[str, ...], index: str) -> list[str]:
    def words(row: str) -> str:
        joined = " || ' ' || ".join(f"{row}{column}" for column in columns)
        return f"replace(replace({joined}, 'ß', 'ss'), 'ẞ', 'ss')"

    add = f"INSERT INTO {index}(rowid, words) VALUES (new.id, {words('new.')})"
    # An index without content takes the old words to forget them.
    drop = f"INSERT INTO {index}({index}, rowid, words) VALUES ('delete', old.id, {words('old.')})"
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    return [
        *(f"DROP TRIGGER IF EXISTS {index}_{act}" for act in ("added", "dropped", "changed")),
        f"DROP TABLE IF EXISTS {index}",
        # Full detail although only rows are asked for: what is one word to us may be two to SQLite, and so a phrase.
        f"CREATE VIRTUAL TABLE {index} USING fts5(words, content='', tokenize='unicode61 remove_diacritics 2')",
        f"INSERT INTO {index}(rowid, words) SELECT id, {words('')} FROM {table}",
        f"CREATE TRIGGER {index}_added AFTER INSERT ON {table} BEGIN {add}; END",
        f"CREATE TRIGGER {index}_dropped AFTER DELETE ON {table} BEGIN {drop}; END",
        f"CREATE TRIGGER {index}_changed AFTER UPDATE OF {', '.join(columns)} ON {table} WHEN {changed}"
        f" BEGIN {drop}; {add}; END",
    ]


def _postgresql(table: str, columns: tuple[str, ...]) -> list[str]:
    # The same folding as inbox.text.folded, in functions that every PostgreSQL has.
    joined = " || ' ' || ".join(columns)
    plain = rf"lower(regexp_replace(normalize({joined}, NFKD), '[\u0300-\u036f]+', '', 'g'))"
    sharp = f"replace(replace({plain}, 'ß', 'ss'), 'ẞ', 'ss')"
    words = f"to_tsvector('simple', regexp_replace({sharp}, '{SEPARATORS}', ' ', 'g'))"
    return [
        f"ALTER TABLE {table} DROP COLUMN IF EXISTS search",
        f"ALTER TABLE {table} ADD COLUMN search tsvector GENERATED ALWAYS AS ({words}) STORED",
        f"CREATE INDEX ix_{table}_search ON {table} USING gin (search)",
    ]


@event.listens_for(Message.__table__, "after_create")
@event.listens_for(Conversation.__table__, "after_create")
def _add(table: sa.Table, connection: Connection, **_: Any) -> None:
    add_search_index(connection, table.name)


@event.listens_for(Message.__table__, "after_drop")
@event.listens_for(Conversation.__table__, "after_drop")
def _drop(table: sa.Table, connection: Connection, **_: Any) -> None:
    # SQLite drops the triggers with their table, but the index is a table of its own.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}_search")
