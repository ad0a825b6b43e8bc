"""A sentence that a page can say in its reader's language: marked English words, and what goes into their gaps.

Everywhere else (logs, the API, the command line) it is an ordinary string, the English sentence.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Self

from inbox.text import storable

# No platform says this at the beginning of its own words unseen: those are packed too.
_MARK = '["'
# A gap of ours never has a width: one of a billion would be a sentence of as many spaces.
_WIDE = re.compile(r"(?<!%)(?:%%)*%(?:\([^)]*\))?[^(%sd]")


class Sentence(str):
    """Marked `words`, in whose gaps (`%(host)s`) stand `values`: texts, numbers, and other sentences."""

    __slots__ = ("values", "words")
    words: str
    values: dict[str, Any]

    def __new__(cls, words: str, values: dict[str, Any] | None = None) -> Self:
        filled = {name: _plain(value) for name, value in (values or {}).items()}
        sentence = super().__new__(cls, words % filled if filled else words)
        sentence.words, sentence.values = words, filled
        return sentence

    def __str__(self) -> Self:
        # An error raised with a sentence then gives it back whole by `str(error)`, not a copy of its English.
        return self


NOTHING = Sentence("")


def N_(words: str, /, **values: Any) -> Sentence:
    """Marks `words` for translation where they are written; the page that shows them translates."""
    return Sentence(words, values)


def listed_sentences(sentences: Sequence[Sentence]) -> Sentence:
    """Several sentences as one, with semicolons between them."""
    gaps = {f"part{number}": sentence for number, sentence in enumerate(sentences)}
    return Sentence("; ".join(f"%({name})s" for name in gaps), gaps)


def pack(text: str, limit: int) -> str:
    """A sentence, or plain text, as one text to be stored, at most `limit` characters long. See `unpack`."""
    if isinstance(text, Sentence) and text.values:
        packed = _packed(text, limit)
    else:
        packed = _packed(Sentence("%(told)s", {"told": text}), limit) if text.startswith(_MARK) else ""
    if 0 < len(packed) <= limit:
        return packed
    kept = storable(text, limit)
    # What could not be packed must not be read as a sentence either.
    return f" {kept[: limit - 1]}" if kept.startswith(_MARK) else kept


def unpack(stored: str) -> Sentence:
    """What `pack` was given. Older versions stored plain English; it comes back as words without gaps."""
    if stored.startswith(_MARK):
        try:
            return _sentence(json.loads(stored))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return Sentence(stored)
    return Sentence(stored)


def _plain(value: Any) -> Any:
    if isinstance(value, int | float):
        return value
    return str(value)


def _packed(sentence: Sentence, limit: int) -> str:
    return json.dumps(_listed(sentence, limit), ensure_ascii=False)


def _listed(value: Any, limit: int) -> Any:
    if isinstance(value, Sentence):
        return [value.words, {name: _listed(inner, limit) for name, inner in value.values.items()}]
    return storable(value, limit) if isinstance(value, str) else value


def _sentence(found: Any) -> Sentence:
    words, values = found
    if _WIDE.search(words):
        raise ValueError("these words are not ours")
    return Sentence(
        words, {name: _sentence(inner) if isinstance(inner, list) else inner for name, inner in values.items()}
    )
