"""Messages, deletions and batches as connectors hand them over, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from inbox.connectors.contract import Author, Batch, IncomingMessage

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MIA = Author("mia", handle="@mia", name="Mia Beet")
TOM = Author("tom", handle="@tom", name="Tom Laub")
US = Author("us", handle="@garden", name="Garden", is_us=True)


def written(
    key: str,
    text: str = "Where is the rake?",
    *,
    thread: str = "",
    minute: float = 0,
    author: Author | None = MIA,
    **fields: Any,
) -> IncomingMessage:
    """A message written `minute` minutes after the start; its thread is named after it unless said otherwise."""
    at = START + timedelta(minutes=minute)
    return IncomingMessage(key, thread or key, text, **{"posted_at": at, "author": author, **fields})


def batch_of(*messages: IncomingMessage, **fields: Any) -> Batch:
    """A batch of these messages."""
    return Batch(messages=messages, **fields)


def minute(number: float) -> datetime:
    """The moment so many minutes after the start."""
    return START + timedelta(minutes=number)


class Statements:
    """Counts the statements of a session while it is open as a context."""

    def __init__(self, session: Session) -> None:
        self._engine = session.get_bind()
        self.seen: list[str] = []

    def __enter__(self) -> "Statements":
        event.listen(self._engine, "before_cursor_execute", self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, many: bool) -> None:
        # One prepared statement sent many times counts as many.
        assert not many, f"sent once per row: {statement}"
        if not statement.startswith("BEGIN"):
            self.seen.append(statement)
