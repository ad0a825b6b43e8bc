"""The lines of a file in whatever encoding, one at a time, with number and place; a line without end cannot fill the memory."""

import codecs
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from inbox.connectors.email_charset import decode_bytes

LINE_LIMIT = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. `begin` and `end` are its bytes in the file; `is_cut` when it was longer than the limit."""

    number: int
    text: str
    begin: int
    end: int
    is_cut: bool = False


class Lines:
    """Reads lines; some can be put back. UTF-8 with or without mark, UTF-16 with mark, and Latin-1 line by line."""

    def __init__(self, file: BinaryIO, *, begin: int = 0, number: int = 0) -> None:
        self._back: deque[Line] = deque()
        self._number, self._place = number, begin
        mark = file.read(2)
        self._wide: codecs.StreamReader | None = None
        self._file = file
        file.seek(begin)
        if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            # No place inside can be found again, so such a file is read from its beginning.
            file.seek(0)
            self._number, self._place = 0, 0
            self._wide = codecs.getreader("utf-16")(file, "replace")

    @property
    def can_resume(self) -> bool:
        """Whether `end` of a line is a place from where to go on later."""
        return self._wide is None

    def next(self) -> Line | None:
        """The next line, or None at the end."""
        if self._back:
            return self._back.popleft()
        data, is_cut = self._read()
        if not data:
            return None
        begin, self._place = self._place, self._place + len(data)
        if is_cut:
            self._place += self._skip()
        self._number += 1
        text = data.decode("utf-8", "replace") if self._wide else decode_bytes(data.rstrip(b"\r\n"), None)
        return Line(self._number, text.rstrip("\r\n").replace("\0", ""), begin, self._place, is_cut)

    def put_back(self, lines: Sequence[Line]) -> None:
        """Give these again, before anything else."""
        self._back.extendleft(reversed(lines))

    def _read(self) -> tuple[bytes, bool]:
        data = (
            self._wide.readline(LINE_LIMIT).encode("utf-8", "replace")
            if self._wide
            else self._file.readline(LINE_LIMIT)
        )
        return data, len(data) >= LINE_LIMIT and not data.endswith(b"\n")

    def _skip(self) -> int:
        skipped = 0
        while data := self._read()[0]:
            skipped += len(data)
            if data.endswith(b"\n"):
                break
        return skipped
