"""The mails of an mbox file, one at a time; the file may be larger than the memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAIL_LIMIT = 40 * 1024 * 1024
LINE = 1024 * 1024
_FROM = re.compile(rb"From (\S.*)? ?\w{3} \w{3} [ \d]\d \d\d:\d\d")
_QUOTED = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class Found:
    """One mail; `content` is None when it is too large. `end` is the place of the next one."""

    line_number: int
    content: bytes | None
    end: int
    size: int


def mbox_mails(file: BinaryIO, *, begin: int = 0, number: int = 0) -> Iterator[Found]:
    """Every mail from byte `begin`, where one must begin. Lines that were quoted for the sake of the format are unquoted."""
    file.seek(begin)
    parts: list[bytes] = []
    place, size, first = begin, 0, number
    blank, at_start, started = True, True, False
    while line := file.readline(LINE):
        if at_start:
            number += 1
            if blank and line.startswith(b"From ") and (not started or _FROM.match(line)):
                if started:
                    yield Found(first, _joined(parts, size), place, size)
                parts, size, first, started = [], 0, number, True
                place += len(line)
                at_start, blank = line.endswith(b"\n"), False
                continue
        place += len(line)
        size += len(line)
        blank = at_start and not line.strip()
        if started and size <= MAIL_LIMIT:
            parts.append(line[1:] if at_start and _QUOTED.match(line) else line)
        at_start = line.endswith(b"\n")
    if started:
        yield Found(first, _joined(parts, size), place, size)


def _joined(parts: list[bytes], size: int) -> bytes | None:
    return b"".join(parts) if size <= MAIL_LIMIT else None
