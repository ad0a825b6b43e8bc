"""Searches all messages, subjects and authors, in German and English, the same on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from inbox.conversations.models import Conversation, Message
from inbox.conversations.search_words import Word, hits_in, words_of
from inbox.database import is_sqlite
from inbox.members.models import Identity

PAGE = 20
LARGEST_PAGE = 200
SNIPPET = 240
BEFORE_HIT = 60
READ = 20_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found. `snippet` is a piece of its text: parts with whether each is a hit, to be marked."""

    message_id: int
    conversation_id: int
    author_name: str
    posted_at: datetime
    direction: str
    snippet: tuple[tuple[str, bool], ...]


def matching(session: Session, words: str) -> sa.Select[Any]:
    """The ids of the conversations in which all the words are found in one message, or in subject and author.

    To be used as a subquery: `Conversation.id.in_(matching(session, words))`.
    """
    asked = words_of(words)
    if not asked:
        return sa.select(Conversation.id).where(sa.false()).correlate(None)
    sqlite = is_sqlite(session)
    typed = sa.literal(_fts5(asked) if sqlite else _tsquery(asked), sa.Text())
    in_messages, _ = _found(sqlite, sa.select(Message.conversation_id.label("id")), Message, typed)
    in_subjects, _ = _found(sqlite, sa.select(Conversation.id), Conversation, typed)
    return sa.select(sa.union(in_messages, in_subjects).subquery().c.id)


def search(session: Session, words: str, *, before: int | None = None, limit: int = PAGE) -> Sequence[Hit]:
    """A page of the messages that hold all the words, the last to arrive first; `before` is the last id already seen."""
    asked = words_of(words)
    if not asked:
        return ()
    sqlite = is_sqlite(session)
    values: dict[str, Any] = {
        "words": _fts5(asked) if sqlite else _tsquery(asked),
        "limit": max(1, min(limit, LARGEST_PAGE)),
    }
    if before is not None:
        values["before"] = before
    found = session.execute(_statement(sqlite, before is not None), values)
    return [Hit(number, home, author, at, way, snippet(text, asked)) for number, home, author, at, way, text in found]


@lru_cache(maxsize=4)
def _statement(sqlite: bool, goes_on: bool) -> sa.Select[Any]:
    """A page of hits. Building it takes longer than asking it, so it is kept."""
    query = sa.select(
        Message.id,
        Message.conversation_id,
        sa.func.coalesce(sa.func.nullif(Identity.name, ""), Identity.handle, ""),
        Message.posted_at,
        Message.direction,
        sa.func.substr(Message.text, 1, READ),
    ).outerjoin(Identity, Identity.id == Message.identity_id)
    query, column = _found(sqlite, query, Message, sa.bindparam("words", type_=sa.Text()))
    if goes_on:
        query = query.where(column < sa.bindparam("before", type_=sa.BigInteger()))
    return query.order_by(column.desc()).limit(sa.bindparam("limit", type_=sa.Integer()))


def snippet(text: str, asked: Sequence[Word]) -> tuple[tuple[str, bool], ...]:
    """The piece of `text` around its first hit, at most 240 characters, in parts with whether each is a hit."""
    hits: list[tuple[int, int]] = []
    begin, until = 0, SNIPPET
    for start, end in hits_in(text, asked):
        # Only the words of the piece are looked at once it is known where it lies.
        if end > until:
            if hits:
                break
            begin = _word_start(text, max(0, start - BEFORE_HIT))
            until = begin + SNIPPET
        hits.append((start, min(end, until)))
    parts = [("…", False)] if begin else []
    here = begin
    for start, end in hits:
        parts += [(text[here:start], False), (text[start:end], True)]
        here = end
    parts.append((text[here:until] + ("…" if len(text) > until else ""), False))
    return tuple((" ".join(part.split()) if hit else _spaced(part), hit) for part, hit in parts if part)


def _word_start(text: str, place: int) -> int:
    """The beginning of the word at `place`."""
    return max((text.rfind(blank, 0, place) for blank in " \n"), default=-1) + 1


def _spaced(part: str) -> str:
    """On one line, but with the blanks at its ends, which part it from a hit."""
    middle = " ".join(part.split())
    left, right = part[:1].isspace(), part[-1:].isspace() and bool(middle)
    return f"{' ' if left else ''}{middle}{' ' if right else ''}"


def _found(
    sqlite: bool, query: sa.Select[Any], table: type[Message] | type[Conversation], words: sa.BindParameter[str]
) -> tuple[sa.Select[Any], sa.ColumnElement[int]]:
    """The query narrowed to rows of `table` that hold the words, and the column that the index keeps in order."""
    name = table.__tablename__
    if sqlite:
        index = sa.table(f"{name}_search", sa.column("rowid", sa.Integer()))
        match = sa.literal_column(index.name).op("MATCH", is_comparison=True)(words)
        return query.join(index, index.c.rowid == table.id).where(match), index.c.rowid
    column = sa.literal_column(f"{name}.search", postgresql.TSVECTOR())
    asked = sa.func.to_tsquery(sa.literal_column("'simple'"), words)
    return query.where(column.bool_op("@@")(asked)), table.__table__.c.id


def _fts5(asked: Sequence[Word]) -> str:
    # Words are letters and digits only (search_words), so quotes around them hold.
    each = ([f'"{word.whole}"'] if word.whole else [f'"{one}"*' for one in word.beginnings] for word in asked)
    return " AND ".join(f"({' OR '.join(ways)})" for ways in each)


def _tsquery(asked: Sequence[Word]) -> str:
    each = ([f"'{word.whole}'"] if word.whole else [f"'{one}':*" for one in word.beginnings] for word in asked)
    return " & ".join(f"({' | '.join(ways)})" for ways in each)
