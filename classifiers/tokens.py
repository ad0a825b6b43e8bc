"""Where the words of a chunk of cleaned texts stand, and the hash of any stretch of them, without touching a word in Python."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CHUNK = 40_000
"""Letters that are looked at together."""

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse and every letter keeps its weight
_INVERSE = pow(_BASE, -1, 2**64)
_SPACE = 32

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Bools = NDArray[np.bool_]


class Tokens:
    """The words of some texts: `starts` and `ends` in `codes`, and `rows`, the text that each is part of."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        self.codes = np.frombuffer("".join(f" {text} " for text in texts).encode("utf-32-le"), dtype=np.uint32)
        powers = _powers(_BASE, len(self.codes) + 1)
        self.sums = np.concatenate(([np.uint64(0)], np.cumsum(self.codes * powers[: len(self.codes)], dtype=np.uint64)))
        self.back = _powers(_INVERSE, len(self.codes) + 1)
        self.space: Bools = self.codes == _SPACE
        self.row_of = np.repeat(np.arange(len(texts)), [len(text) + 2 for text in texts])
        edges = np.flatnonzero(np.diff(self.space.view(np.int8)))
        self.starts, self.ends = edges[0::2] + 1, edges[1::2] + 1
        self.rows = self.row_of[self.starts]

    def hashes(self, starts: Ints, ends: Ints) -> Hashes:
        """The hash of the letters from each start up to its end."""
        found: Hashes = (self.sums[ends] - self.sums[starts]) * self.back[starts]
        return found

    def spans(self, count: int) -> tuple[Ints, Hashes]:
        """First word and hash of every stretch of `count` words inside one text."""
        if len(self.starts) < count:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        last = len(self.starts) - count + 1
        inside = np.flatnonzero(self.rows[:last] == self.rows[count - 1 :])
        return inside, self.hashes(self.starts[inside], self.ends[inside + count - 1])

    def letters(self, count: int) -> tuple[Ints, Hashes]:
        """Start and hash of every `count` letters of one word; a space may open or close them, never stand inside."""
        last = len(self.codes) - count + 1
        if last <= 0:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        if count == 2:
            inside = ~(self.space[:-1] & self.space[1:])
        else:
            spaces = np.concatenate(([0], np.cumsum(self.space)))
            inside = spaces[count - 1 : last + count - 1] == spaces[1 : last + 1]
        starts = np.flatnonzero(inside)
        return starts, self.hashes(starts, starts + count)


def hash_of(words: str) -> int:
    """The hash that `Tokens` gives these letters wherever they stand."""
    return sum(ord(letter) * _power(place) for place, letter in enumerate(words)) % 2**64


@lru_cache(maxsize=256)
def _power(place: int) -> int:
    return pow(_BASE, place, 2**64)


@lru_cache(maxsize=2)
def _table(base: int, size: int) -> Hashes:
    table = np.full(size, base, dtype=np.uint64)
    table[0] = 1
    return np.multiply.accumulate(table)


def _powers(base: int, size: int) -> Hashes:
    return _table(base, max(CHUNK + 8192, 1 << (size - 1).bit_length()))[:size]
