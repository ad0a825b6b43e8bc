"""Finds the words of a cleaned text in the text as it was written, so that reasons can be shown where they stand."""

import re
from collections.abc import Sequence

from classifiers.clean import MOST_READ, clean

Span = tuple[int, int]

_WRITTEN = re.compile(r"\S+")
_LOOK_AHEAD = 3


def place_words(text: str, words: Sequence[str]) -> list[Span | None]:
    """Where each of the `words` of `clean(text)` was written: (start, end) in characters of `text`.

    Words that were written in one go ("Export?") share a place. None for what cannot be found again, such as words
    behind markup that was taken away.
    """
    places: list[Span | None] = [None] * len(words)
    at = 0
    for written in _WRITTEN.finditer(text[:MOST_READ]):
        pieces = clean(written[0]).split()
        if not pieces:
            continue
        # A little ahead, so that one word which `clean` read differently in its sentence does not lose all others.
        found = next(
            (start for start in range(at, at + _LOOK_AHEAD) if list(words[start : start + len(pieces)]) == pieces), None
        )
        if found is None:
            continue
        for offset in range(len(pieces)):
            places[found + offset] = written.span()
        at = found + len(pieces)
        if at >= len(words):
            break
    return places
