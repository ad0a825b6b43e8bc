"""Turns what somebody typed into the words that are looked for. Nothing typed is ever syntax of a database."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from inbox.text import folded

MOST_WORDS = 10
LONGEST_WORD = 60
# A shorter stem would find nearly everything; a shorter word is looked for as it is.
SHORTEST_STEM = 3
SHORTEST_BEGINNING = 2
LANGUAGES = ("german", "english")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: found where any of `beginnings` begins a word of the text, or where `whole` is one."""

    beginnings: tuple[str, ...]
    whole: str = ""


def words_of(typed: str) -> tuple[Word, ...]:
    """The words in what was typed, all of which must be found; at most ten.

    A word stands for itself and its German and English stems, at the beginning of a word: "Vertretung" finds
    "Vertretungsplan", "Häuser" finds "Haus", and upper case, umlauts and accents make no difference.
    """
    found = dict.fromkeys(_word(match) for match in _WORD.findall(typed[:1_000]))
    return tuple(found)[:MOST_WORDS]


def hits_in(text: str, asked: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Where in `text` the words that are looked for begin and end."""
    beginnings = tuple(beginning for word in asked for beginning in word.beginnings)
    wholes = {word.whole for word in asked if word.whole}
    for match in _WORD.finditer(text):
        token = _folded(match[0])
        if token.startswith(beginnings) or token in wholes:
            yield match.span()


def _word(typed: str) -> Word:
    lowered = typed.lower()[:LONGEST_WORD]
    word = folded(lowered)
    if len(word) < SHORTEST_BEGINNING:
        return Word((), word)
    # Another stemmer each time: they keep state, and threads share this module.
    stems = {folded(stem) for stem in _stems(lowered) if len(stem) >= SHORTEST_STEM}
    # SQLite takes accents off Latin letters only, so the word is looked for with its own as well.
    beginnings = sorted({word, lowered.replace("ß", "ss"), *stems}, key=len)
    # What begins with a shorter beginning is found by that one.
    shortest = [one for place, one in enumerate(beginnings) if not one.startswith(tuple(beginnings[:place]))]
    return Word(tuple(shortest))


@lru_cache(maxsize=16_384)
def _folded(word: str) -> str:
    return folded(word)


@lru_cache(maxsize=1_000)
def _stems(word: str) -> tuple[str, ...]:
    return tuple(snowballstemmer.stemmer(language).stemWord(word) for language in LANGUAGES)
