"""Counts the turns of phrase of `cues` and the words of `lexicon` in cleaned texts, and how they are written: how long, how loud, whether they ask."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifiers.cue_index import CueIndex
from classifiers.cues import CUES, NEAR, OPENING
from classifiers.lexicon import BLOCKS, read_lexicon
from classifiers.tokens import Bools, Ints, Tokens

SHAPES = ("log words", "capitals", "ends asking", "marks asking", "umlauts", "few words")
GROUPS = (*CUES, *BLOCKS)
TURNS: tuple[str, ...] = (
    *GROUPS,
    *(f"{first} … {second}" for first, second, _ in NEAR),
    *(f"{name} at start" for name in OPENING),
)
NAMES: tuple[str, ...] = (*TURNS, *SHAPES)
"""What the counted features mean, in the order of `count_turns`."""

MOST_COUNTED = 2
"""A turn of phrase counts at most so often in one text."""

_SHORT = 30

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
    umlauts = np.bincount(tokens.row_of, np.isin(tokens.codes, _UMLAUTS), minlength=tokens.size) > 0
    shapes = (np.log1p(per_text) / 5, np.asarray(capitals), lasts, asking, umlauts, per_text <= 3)
    return np.column_stack([totals / MOST_COUNTED, *shapes]).astype(np.float32)


def met_turns(tokens: Tokens) -> Bools:
    """One row per word, one column per TURNS: whether that turn of phrase begins here."""
    found, words = _index().find(tokens), len(tokens.starts)
    at = {name: column for column, name in enumerate(GROUPS)}
    near = [_near(found[:, at[one]], found[:, at[two]], tokens.rows, reach) for one, two, reach in NEAR]
    opens = np.ones(words, dtype=bool)
    if words > 1:
        closes = np.isin(tokens.codes[tokens.starts], _MARKS)
        opens[1:] = closes[:-1] | (tokens.rows[1:] != tokens.rows[:-1])
    opening = [found[:, at[name]] & opens for name in OPENING]
    return np.column_stack([found, *near, *opening])


def _near(one: Bools, two: Bools, rows: Ints, reach: int) -> Bools:
    """Where the next word of `two` after a word of `one` is at most `reach` words away, in the same text."""
    close = np.zeros_like(one)
    froms, tos = np.flatnonzero(one), np.flatnonzero(two)
    after = np.searchsorted(tos, froms, side="right")
    froms, after = froms[after < len(tos)], after[after < len(tos)]
    close[froms] = (tos[after] - froms <= reach) & (rows[tos[after]] == rows[froms])
    return close


@lru_cache(maxsize=1)
def _index() -> CueIndex:
    phrases = {name: [" ".join(cue.split()) for cue in cues.split(";") if cue.strip()] for name, cues in CUES.items()}
    return CueIndex(phrases | read_lexicon())


def _codes(letters: str) -> NDArray[np.uint32]:
    return np.array(sorted(map(ord, letters)), dtype=np.uint32)


_MARKS, _UMLAUTS = _codes('.!?,;:…-–()"\n'), _codes("äöüß")
