"""Files that people bring: CSV, JSONL and mbox. Read once from beginning to end; nothing is answered."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pydantic import Field, field_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    BadItem,
    Batch,
    Capabilities,
    ChannelConnector,
    Group,
    Guide,
    IncomingMessage,
    OutgoingReply,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Surroundings,
)
from inbox.connectors.email_charset import decode_bytes
from inbox.connectors.file_lines import Lines
from inbox.connectors.file_mbox import Found, mbox_mails
from inbox.connectors.file_message import NAMES, choose_columns, message_of_row, read_columns
from inbox.connectors.file_rows import Row, column_name, csv_header, csv_rows, json_rows
from inbox.connectors.mime import read_mail

BATCH_ITEMS = 500
BATCH_BYTES = 8 * 1024 * 1024
Item = tuple[IncomingMessage | BadItem, int, int]  # what it is, where it ends, its line


class FileSetup(Setup):
    """How the columns of the files are called; known names need no mapping."""

    columns: str = Field(
        "",
        title=N_("Columns"),
        description=N_("For example text=comment,author=name. Empty: the usual names are found."),
        max_length=1_000,
    )

    @field_validator("columns")
    @classmethod
    def names_fields(cls, value: str) -> str:
        read_columns(value)
        return value


class File(ChannelConnector):
    """A channel that is filled by imports."""

    kind: ClassVar[str] = "file"
    label: ClassVar[str] = N_("File import")
    about: ClassVar[str] = N_("A table or mail archive you have at hand, brought in by the command line.")
    group: ClassVar[Group] = Group.MAIL
    setup: ClassVar[type[Setup]] = FileSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        polls=False,
        because={
            "replies": N_("A file cannot be answered."),
            "acts": N_("A file cannot be answered."),
            "tells_edits": N_("A file is read once."),
            "tells_deletes": N_("A file is read once."),
        },
    )
    guide: ClassVar[Guide] = Guide((N_("Run: trellis import FILE"),))

    def __init__(self, settings: FileSetup, surroundings: Surroundings) -> None:
        self._mapping = read_columns(settings.columns)

    def check(self) -> Account:
        """Nothing to sign in to."""
        return Account(name="")

    def streams(self) -> Sequence[StreamSpec]:
        """None: files are brought."""
        return ()

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """The file at the path `stream`, from `cursor`. The cursor holds `bytes`, `line` and the file's `size`.

        Raises Refused when the file cannot be read or does not say where its text is.
        """
        path = Path(stream)
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                begin = _resume(cursor, size)
                yield from _batches(self._items(file, path, begin), begin, size, since)
        except OSError as error:
            raise Refused(
                N_("%(name)s cannot be read: %(reason)s.", name=path.name, reason=error.strerror or error)
            ) from error
        except ValueError as error:
            raise Refused(N_("%(name)s cannot be imported: %(error)s.", name=path.name, error=error)) from error

    def reread(self, raw: str) -> Batch:
        """A quarantined row, or a mail of an archive. Raises ValueError."""
        values = json.loads(raw) if raw.lstrip().startswith("{") else None
        if isinstance(values, dict):
            return Batch((message_of_row(values, choose_columns(self._mapping, None)),))
        return Batch((read_mail(raw.encode("utf-8", "surrogateescape")),))

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """Files are imported. Raises Refused."""
        raise Refused(N_("Files are imported, not delivered over the web."))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Raises Refused."""
        raise Refused(N_("A file cannot be answered."))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Nothing was ever sent."""
        return None

    def act(self, act: Act) -> Receipt:
        """Raises Refused."""
        raise Refused(N_("Nothing can be done at the source of a file."))

    def _items(self, file: BinaryIO, path: Path, begin: tuple[int, int]) -> Iterator[Item]:
        form = _form(file, path)
        if form == "mbox":
            for found in mbox_mails(file, begin=begin[0], number=begin[1]):
                yield _mail(found), found.end, found.line_number
            return
        lines = Lines(file) if form == "csv" else Lines(file, begin=begin[0], number=begin[1])
        if form == "jsonl":
            rows, columns = json_rows(lines), choose_columns(self._mapping, None)
        else:
            wanted = {name for names in NAMES.values() for name in names} | {
                column_name(c) for c in self._mapping.values()
            }
            header, delimiter = csv_header(lines, list(wanted))
            columns = choose_columns(self._mapping, header)
            if begin[0] and lines.can_resume:
                lines = Lines(file, begin=begin[0], number=begin[1])
            rows = csv_rows(lines, header, delimiter)
        for row in rows:
            yield _message(row, columns), row.end if lines.can_resume else 0, row.line_number


def _form(file: BinaryIO, path: Path) -> str:
    """What kind of file it is, by its name and else by how it begins."""
    endings = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".mbox": "mbox", ".mbx": "mbox"}
    head = file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
    file.seek(0)
    if not head:
        raise ValueError(N_("it is empty"))
    if head.startswith(b"["):
        raise ValueError(N_("it is one JSON list; one object per line is needed"))
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"%PDF")):
        raise ValueError(N_("it is packed or a document; CSV, JSONL or mbox is needed"))
    known = endings.get(path.suffix.lower())
    return known or ("mbox" if head.startswith(b"From ") else "jsonl" if head.startswith(b"{") else "csv")


def _batches(items: Iterator[Item], begin: tuple[int, int], size: int, since: datetime | None) -> Iterator[Batch]:
    messages: list[IncomingMessage] = []
    bad: list[BadItem] = []
    filtered, held, cursor = 0, 0, {"v": 1, "bytes": begin[0], "line": begin[1], "size": size}
    for item, end, line in items:
        cursor = {"v": 1, "bytes": end, "line": line, "size": size}
        if isinstance(item, BadItem):
            bad.append(item)
        elif since and item.posted_at and item.posted_at < since:
            filtered += 1
        else:
            messages.append(item)
            held += len(item.text) + len(item.html or "") + sum(file.size_bytes for file in item.attachments)
        if len(messages) + len(bad) + filtered >= BATCH_ITEMS or held > BATCH_BYTES:
            yield Batch(messages=messages, bad=bad, filtered=filtered, cursor=cursor)
            messages, bad, filtered, held = [], [], 0, 0
    yield Batch(messages=messages, bad=bad, filtered=filtered, cursor={**cursor, "bytes": size})


def _message(row: Row, columns: Mapping[str, tuple[str, ...]]) -> IncomingMessage | BadItem:
    if row.values is None:
        return BadItem(
            N_("Line %(line_number)s: %(problem)s.", line_number=row.line_number, problem=row.problem),
            row.raw,
            line_number=row.line_number,
        )
    try:
        return message_of_row(row.values, columns)
    except ValueError as error:
        raw = json.dumps(row.values, ensure_ascii=False)[:60_000]
        return BadItem(
            N_("Line %(line_number)s: %(error)s.", line_number=row.line_number, error=error),
            raw,
            line_number=row.line_number,
        )


def _mail(found: Found) -> IncomingMessage | BadItem:
    number = found.line_number
    if found.content is None:
        return BadItem(
            N_(
                "Line %(number)s: a mail of %(size)s MB; the limit is 40 MB.",
                number=number,
                size=found.size // 1_048_576,
            ),
            "",
            line_number=number,
        )
    try:
        return read_mail(found.content)
    except ValueError as error:
        return BadItem(
            N_("Line %(number)s: %(error)s.", number=number, error=error),
            decode_bytes(found.content[:60_000], None),
            line_number=number,
        )


def _resume(cursor: Mapping[str, Any] | None, size: int) -> tuple[int, int]:
    """Where to go on. A file of another size is another file."""
    try:
        if cursor and int(cursor["size"]) == size and 0 <= int(cursor["bytes"]) <= size:
            return int(cursor["bytes"]), int(cursor["line"])
    except (KeyError, TypeError, ValueError):
        pass  # a cursor we do not understand is no cursor
    return 0, 0
