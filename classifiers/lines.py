"""Reads lines from outside: `trellis classify` and `trellis evaluate` take files that nobody has looked at."""

from collections.abc import Iterator
from typing import IO

MOST_LINE = 4_000_000
"""Bytes of a line that are kept; a longer one is cut to this, which leaves it unreadable."""


def read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Every line, an empty one as nothing; the rest of an endless line is dropped, not kept in memory."""
    while line := stream.readline(MOST_LINE):
        if len(line) == MOST_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(MOST_LINE)) and not rest.endswith(b"\n"):
                pass
        yield line if line.strip() else b""
