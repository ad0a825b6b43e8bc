"""Turns cleaned texts into numbers, whole batches at a time: hashed word and letter n-grams, and counts of cues.

Every n-gram of a chunk of texts is hashed at once from running sums, so that no word is touched in Python and no
vocabulary needs to be kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifiers.cues import CUES, NEAR, OPENING

BITS = 18
"""The word table and the letter table have 2**BITS rows each."""

FEATURES_VERSION = 1
"""Changes whenever the same text would give other numbers; a model made for another version is refused."""

LETTERS = (2, 3, 4, 5)
CHUNK = 40_000

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse and every letter keeps its weight
_INVERSE = pow(_BASE, -1, 2**64)
_MIX = tuple((0xD6E8FEB86659FD93 + 2 * 0x9FB21C651E98DF25 * n) % 2**64 | 1 for n in range(8))
_SPACE, _LONGEST_CUE, _PREFIXES = 32, 4, range(3, 13)
_SHORT = 30
_MARKS = frozenset('.!?,;:…-–()"\n')

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]

SHAPES = ("log words", "capitals", "ends asking", "marks asking", "umlauts", "few words")
NAMES: tuple[str, ...] = (
    *CUES,
    *(f"{first} … {second}" for first, second, _ in NEAR),
    *(f"{name} at start" for name in OPENING),
    *SHAPES,
)
"""What the counted features mean, in the order of `Chunk.cues`."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The features of `size` texts: n-grams as (row of the text, place in the table), and one line of cues per text."""

    size: int
    words: tuple[Ints, Ints]
    letters: tuple[Ints, Ints]
    cues: Floats


def read_features(cleaned: Sequence[str], capitals: Sequence[float]) -> Iterator[Chunk]:
    """The features of texts from `clean`, a chunk at a time, in order. `capitals` is each raw text's share of them."""
    start = length = 0
    for index, text in enumerate(cleaned):
        if length and length + len(text) > CHUNK:
            yield _chunk(cleaned[start:index], capitals[start:index])
            start, length = index, 0
        length += len(text) + 2
    if start < len(cleaned):
        yield _chunk(cleaned[start:], capitals[start:])


class _Tokens:
    """Where the words of some texts begin and end, and the hash of any stretch of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.codes = np.frombuffer("".join(f" {text} " for text in texts).encode("utf-32-le"), dtype=np.uint32)
        powers = _powers(_BASE, len(self.codes) + 1)
        self.sums = np.concatenate(([np.uint64(0)], np.cumsum(self.codes * powers[: len(self.codes)], dtype=np.uint64)))
        self.back = _powers(_INVERSE, len(self.codes) + 1)
        self.space = self.codes == _SPACE
        self.row_of = np.repeat(np.arange(len(texts)), [len(text) + 2 for text in texts])
        edges = np.flatnonzero(np.diff(self.space.view(np.int8)))
        self.starts, self.ends = edges[0::2] + 1, edges[1::2] + 1
        self.rows = self.row_of[self.starts]

    def hashes(self, starts: Ints, ends: Ints) -> Hashes:
        found: Hashes = (self.sums[ends] - self.sums[starts]) * self.back[starts]
        return found

    def spans(self, count: int) -> tuple[Ints, Hashes]:
        """First word and hash of every stretch of `count` words inside one text."""
        if len(self.starts) < count:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        last = len(self.starts) - count + 1
        inside = np.flatnonzero(self.rows[:last] == self.rows[count - 1 :])
        return inside, self.hashes(self.starts[inside], self.ends[inside + count - 1])


def _chunk(texts: Sequence[str], capitals: Sequence[float]) -> Chunk:
    tokens = _Tokens(texts)
    return Chunk(len(texts), _words(tokens), _letters(tokens), _cues(tokens, len(texts), capitals))


def _words(tokens: _Tokens) -> tuple[Ints, Ints]:
    rows, places = [], []
    for count in (1, 2):
        first, hashes = tokens.spans(count)
        rows.append(tokens.rows[first])
        places.append(_place(hashes, count))
    return np.concatenate(rows), np.concatenate(places)


def _letters(tokens: _Tokens) -> tuple[Ints, Ints]:
    spaces = np.concatenate(([0], np.cumsum(tokens.space)))
    rows, places = [], []
    for count in LETTERS:
        last = len(tokens.codes) - count + 1
        if last <= 0:
            continue
        if count == 2:
            inside = ~(tokens.space[:-1] & tokens.space[1:])
        else:  # a space may open or close an n-gram, never stand inside one
            inside = spaces[count - 1 : last + count - 1] == spaces[1 : last + 1]
        starts = np.flatnonzero(inside)
        rows.append(tokens.row_of[starts])
        places.append(_place(tokens.hashes(starts, starts + count), count))
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(rows), np.concatenate(places)


def _cues(tokens: _Tokens, size: int, capitals: Sequence[float]) -> Floats:
    groups, words = list(CUES), len(tokens.starts)
    found = np.zeros((words, len(groups)), dtype=bool)
    lexicon = _lexicon()
    for count in range(1, _LONGEST_CUE + 1):
        _mark(found, *tokens.spans(count), *lexicon.phrases)
    lengths = tokens.ends - tokens.starts
    for length in _PREFIXES:
        long_enough = np.flatnonzero(lengths >= length)
        if length in lexicon.prefixes and len(long_enough):
            starts = tokens.starts[long_enough]
            _mark(found, long_enough, tokens.hashes(starts, starts + length), *lexicon.prefixes[length])
    at = {name: column for column, name in enumerate(groups)}
    near = [_near(found[:, at[one]], found[:, at[two]], tokens.rows, reach) for one, two, reach in NEAR]
    opens = np.ones(words, dtype=bool)
    if words > 1:
        closes = np.isin(tokens.codes[tokens.starts], lexicon.marks)
        opens[1:] = closes[:-1] | (tokens.rows[1:] != tokens.rows[:-1])
    opening = [found[:, at[name]] & opens for name in OPENING]
    counted = np.column_stack([found, *near, *opening]).astype(np.float32)
    totals = np.zeros((size, counted.shape[1]), dtype=np.float32)
    per_text = np.bincount(tokens.rows, minlength=size)
    filled = np.flatnonzero(per_text)
    firsts = (np.cumsum(per_text) - per_text)[filled]
    if words:
        totals[filled] = np.add.reduceat(counted, firsts, axis=0)
    np.minimum(totals, 2, out=totals)
    # In a long text every turn of phrase occurs somewhere: there each counts for less.
    totals /= np.sqrt(np.maximum(per_text, _SHORT) / _SHORT)[:, None]
    lasts = np.zeros(size, dtype=np.float32)
    lasts[filled] = tokens.codes[tokens.ends[firsts + per_text[filled] - 1] - 1] == ord("?")
    asking = np.minimum(np.bincount(tokens.row_of, tokens.codes == ord("?"), minlength=size), 3) / 3
    umlauts = np.bincount(tokens.row_of, np.isin(tokens.codes, lexicon.umlauts), minlength=size) > 0
    shapes = (np.log1p(per_text) / 5, np.asarray(capitals), lasts, asking, umlauts, per_text <= 3)
    return np.column_stack([totals / 2, *shapes]).astype(np.float32)


def _near(one: NDArray[np.bool_], two: NDArray[np.bool_], rows: Ints, reach: int) -> NDArray[np.bool_]:
    close = np.zeros_like(one)
    for step in range(1, min(reach, len(one) - 1) + 1):
        close[:-step] |= one[:-step] & two[step:] & (rows[:-step] == rows[step:])
    return close


def _mark(found: NDArray[np.bool_], at: Ints, hashes: Hashes, known: Hashes, groups: Ints) -> None:
    if not len(hashes):
        return
    # A cue may stand in two groups: its hash then stands twice in a row.
    left = np.searchsorted(known, hashes)
    for offset in range(2):
        place = np.minimum(left + offset, len(known) - 1)
        hit = known[place] == hashes
        found[at[hit], groups[place[hit]]] = True


@dataclass(frozen=True, slots=True)
class _Lexicon:
    phrases: tuple[Hashes, Ints]
    prefixes: dict[int, tuple[Hashes, Ints]]
    marks: NDArray[np.uint32]
    umlauts: NDArray[np.uint32]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    phrases: set[tuple[int, int]] = set()
    prefixes: dict[int, set[tuple[int, int]]] = {}
    for group, members in enumerate(CUES.values()):
        for cue in members.split(";"):
            words = " ".join(cue.split())
            if words.endswith("*"):
                prefixes.setdefault(len(words) - 1, set()).add((_hash(words[:-1]), group))
            elif words:
                phrases.add((_hash(words), group))
    return _Lexicon(
        _sorted(phrases),
        {length: _sorted(cues) for length, cues in prefixes.items()},
        np.array(sorted(map(ord, _MARKS)), dtype=np.uint32),
        np.array(sorted(map(ord, "äöüß")), dtype=np.uint32),
    )


def _sorted(cues: set[tuple[int, int]]) -> tuple[Hashes, Ints]:
    ordered = sorted(cues)
    return np.array([cue for cue, _ in ordered], dtype=np.uint64), np.array(
        [group for _, group in ordered], dtype=np.int64
    )


def _hash(words: str) -> int:
    return sum(ord(letter) * pow(_BASE, place, 2**64) for place, letter in enumerate(words)) % 2**64


def _place(hashes: Hashes, kind: int) -> Ints:
    # The high bits of a product with an odd number depend on all the bits below them.
    mixed: Hashes = (hashes ^ (hashes >> np.uint64(29))) * np.uint64(_MIX[kind])
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


@lru_cache(maxsize=2)
def _table(base: int, size: int) -> Hashes:
    table = np.full(size, base, dtype=np.uint64)
    table[0] = 1
    return np.multiply.accumulate(table)


def _powers(base: int, size: int) -> Hashes:
    return _table(base, max(CHUNK + 8192, 1 << (size - 1).bit_length()))[:size]
