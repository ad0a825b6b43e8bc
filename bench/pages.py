"""Pages of the inbox list and of search, bounded by the bare SQL that fetches the same rows and numbers."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import event, text

from bench.figure import Figure, milliseconds_of
from bench.messages import common_words
from inbox.conversations.browse import Filters, View, browse, count
from inbox.conversations.search import _fts5, search
from inbox.conversations.search_words import words_of
from inbox.database import Database

MOST_STATEMENTS = 6
LIST = """
SELECT c.id, c.channel_id, ch.kind, ch.name, ch.is_sample, c.author_name, c.subject, c.preview, c.tag, c.tags,
       c.tag_probability, c.state, c.assignee_id, t.name, c.message_count, c.waiting_since, c.last_message_at,
       c.snoozed_until
FROM conversations c JOIN channels ch ON ch.id = c.channel_id LEFT JOIN teammates t ON t.id = c.assignee_id
WHERE c.state = 'open' AND c.waiting_since IS NOT NULL {narrower} ORDER BY c.last_message_at DESC, c.id DESC LIMIT 51
"""
COUNTS = """
SELECT state, tag, channel_id, assignee_id, count(*), count(waiting_since) FROM conversations GROUP BY 1, 2, 3, 4
"""
FOUND = """
AND c.id IN (SELECT m.conversation_id FROM messages m JOIN messages_search s ON s.rowid = m.id WHERE messages_search MATCH ?
UNION SELECT rowid FROM conversations_search WHERE conversations_search MATCH ?)
"""
SEARCH = """
SELECT m.id, m.conversation_id, i.name, m.posted_at, m.direction, m.text FROM messages_search s
JOIN messages m ON m.id = s.rowid LEFT JOIN identities i ON i.id = m.identity_id
WHERE messages_search MATCH ? ORDER BY s.rowid DESC LIMIT 20
"""


def spread(database: Database) -> None:
    """Give the conversations the states and tags of an inbox that is worked in."""
    with database.writing() as session:
        session.execute(
            text(
                "UPDATE conversations SET state = CASE id % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'open' ELSE 'closed' END,"
                " waiting_since = CASE id % 4 WHEN 0 THEN waiting_since END, tag = CASE id % 6 WHEN 0 THEN 'question'"
                " WHEN 1 THEN 'complaint' WHEN 2 THEN 'idea' WHEN 3 THEN 'unsure' ELSE 'other' END"
            )
        )


def list_pages(database: Database) -> list[Figure]:
    """The first page of what is to be answered with the numbers beside it."""
    bare = _bare(database)

    def page() -> None:
        with database.reading() as session:
            browse(session, Filters(), me=1)
            count(session, Filters(), me=1)

    def rows() -> None:
        bare.execute(LIST.format(narrower="")).fetchall()
        bare.execute(COUNTS).fetchall()

    value, bound = milliseconds_of(page, rows)
    return [
        Figure("list", value, "ms", bound),
        Figure("list statements", _statements(database, page), "", MOST_STATEMENTS),
    ]


def search_pages(database: Database) -> list[Figure]:
    """A dozen words, from frequent to rare: the list narrowed to them, and the messages with their snippets."""
    bare, words = _bare(database), common_words()

    def narrowed() -> None:
        for word in words:
            with database.reading() as session:
                browse(session, Filters(words=word, view=View.TO_ANSWER), me=1)

    def narrowed_rows() -> None:
        for word in words:
            bare.execute(LIST.format(narrower=FOUND), [_fts5(words_of(word))] * 2).fetchall()

    def messages() -> None:
        for word in words:
            with database.reading() as session:
                search(session, word)

    def message_rows() -> None:
        for word in words:
            bare.execute(SEARCH, [_fts5(words_of(word))]).fetchall()

    return [
        *_each("search in the list", narrowed, narrowed_rows, len(words)),
        *_each("search", messages, message_rows, len(words)),
    ]


def _each(name: str, act: Callable[[], None], bare: Callable[[], None], number: int) -> list[Figure]:
    value, bound = milliseconds_of(act, bare, times=7)
    return [Figure(name, value / number, "ms", bound / number)]


def _bare(database: Database) -> sqlite3.Connection:
    return sqlite3.connect(str(database.engine.url.database))


def _statements(database: Database, act: Callable[[], None]) -> int:
    seen: list[Any] = []

    def hear(*heard: Any) -> None:
        if not heard[2].startswith("BEGIN"):
            seen.append(heard[2])

    event.listen(database.engine, "before_cursor_execute", hear)
    act()
    event.remove(database.engine, "before_cursor_execute", hear)
    return len(seen)
