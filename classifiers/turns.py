"""Counts the turns of phrase of `cues` in cleaned texts, and how they are written: how long, how loud, whether they ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifiers.cues import CUES, NEAR, OPENING
from classifiers.tokens import Bools, Hashes, Ints, Tokens, hash_of

SHAPES = ("log words", "capitals", "ends asking", "marks asking", "umlauts", "few words")
TURNS: tuple[str, ...] = (
    *CUES,
    *(f"{first} … {second}" for first, second, _ in NEAR),
    *(f"{name} at start" for name in OPENING),
)
NAMES: tuple[str, ...] = (*TURNS, *SHAPES)
"""What the counted features mean, in the order of `count_turns`."""

MOST_COUNTED = 2
"""A turn of phrase counts at most so often in one text."""

_LONGEST_CUE, _PREFIXES = 4, range(3, 13)
_SHORT = 30
_MARKS = frozenset('.!?,;:…-–()"\n')

Floats = NDArray[np.float32]


def count_turns(tokens: Tokens, capitals: Sequence[float], met: Bools | None = None) -> Floats:
    """One row per text, one column per NAMES, all between 0 and about 1. `capitals` is each raw text's share of them,
    `met` what `met_turns` gives, for whoever has that already."""
    counted = (met_turns(tokens) if met is None else met).astype(np.float32)
    totals = np.zeros((tokens.size, counted.shape[1]), dtype=np.float32)
    per_text = np.bincount(tokens.rows, minlength=tokens.size)
    filled = np.flatnonzero(per_text)
    firsts = (np.cumsum(per_text) - per_text)[filled]
    if len(counted):
        totals[filled] = np.add.reduceat(counted, firsts, axis=0)
    np.minimum(totals, MOST_COUNTED, out=totals)
    # In a long text every turn of phrase occurs somewhere: there each counts for less.
    totals /= np.sqrt(np.maximum(per_text, _SHORT) / _SHORT)[:, None]
    lasts = np.zeros(tokens.size, dtype=np.float32)
    lasts[filled] = tokens.codes[tokens.ends[firsts + per_text[filled] - 1] - 1] == ord("?")
    asking = np.minimum(np.bincount(tokens.row_of, tokens.codes == ord("?"), minlength=tokens.size), 3) / 3
    umlauts = np.bincount(tokens.row_of, np.isin(tokens.codes, _lexicon().umlauts), minlength=tokens.size) > 0
    shapes = (np.log1p(per_text) / 5, np.asarray(capitals), lasts, asking, umlauts, per_text <= 3)
    return np.column_stack([totals / MOST_COUNTED, *shapes]).astype(np.float32)


def met_turns(tokens: Tokens) -> Bools:
    """One row per word, one column per TURNS: whether that turn of phrase begins here."""
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
    return np.column_stack([found, *near, *opening])


def _near(one: Bools, two: Bools, rows: Ints, reach: int) -> Bools:
    close = np.zeros_like(one)
    for step in range(1, min(reach, len(one) - 1) + 1):
        close[:-step] |= one[:-step] & two[step:] & (rows[:-step] == rows[step:])
    return close


def _mark(found: Bools, at: Ints, hashes: Hashes, known: Hashes, groups: Ints) -> None:
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
                prefixes.setdefault(len(words) - 1, set()).add((hash_of(words[:-1]), group))
            elif words:
                phrases.add((hash_of(words), group))
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
