"""Turns cleaned texts into numbers, whole batches at a time: hashed word and letter n-grams, and counts of cues.

Every n-gram of a chunk of texts is hashed at once from running sums, so that no word is touched in Python and no
vocabulary needs to be kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.tokens import CHUNK, Hashes, Ints, Tokens
from classifiers.turns import count_turns

BITS = 18
"""The word table and the letter table have 2**BITS rows each."""

FEATURES_VERSION = 3
"""Changes whenever the same text would give other numbers; a model made for another version is refused."""

WORDS = (1, 2)
LETTERS = (2, 3, 4, 5)

_MIX = tuple((0xD6E8FEB86659FD93 + 2 * 0x9FB21C651E98DF25 * n) % 2**64 | 1 for n in range(8))

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The features of `size` texts: n-grams as (row of the text, place in the table), and one line of cues per text.

    `spoken` are the single words, as (row of the text, hash).
    """

    size: int
    spoken: tuple[Ints, Hashes]
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


def word_places(tokens: Tokens, count: int) -> tuple[Ints, Ints]:
    """First word, and place in the word table, of every stretch of `count` words."""
    first, hashes = tokens.spans(count)
    return first, _place(hashes, count)


def letter_places(tokens: Tokens, count: int) -> tuple[Ints, Ints]:
    """Start, and place in the letter table, of every `count` letters."""
    starts, hashes = tokens.letters(count)
    return starts, _place(hashes, count)


def _chunk(texts: Sequence[str], capitals: Sequence[float]) -> Chunk:
    tokens = Tokens(texts)
    words = [word_places(tokens, count) for count in WORDS]
    letters = [letter_places(tokens, count) for count in LETTERS]
    first, hashes = tokens.spans(1)
    return Chunk(
        len(texts),
        (tokens.rows[first], hashes),
        (np.concatenate([tokens.rows[first] for first, _ in words]), np.concatenate([places for _, places in words])),
        (
            np.concatenate([tokens.row_of[start] for start, _ in letters]),
            np.concatenate([places for _, places in letters]),
        ),
        count_turns(tokens, capitals),
    )


def _place(hashes: Hashes, kind: int) -> Ints:
    # The high bits of a product with an odd number depend on all the bits below them.
    mixed: Hashes = (hashes ^ (hashes >> np.uint64(29))) * np.uint64(_MIX[kind])
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)
