"""A stranger's plain text as HTML: escaped, addresses clickable, marked sentences and words marked; no character added or lost."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[^\s<>\"'`]{3,2000}")
_TRAILING = ".,;:!?)]}…»”’"


class Spoken(NamedTuple):
    """A word that spoke for or against tags, and what it says in words. Tags are separated by spaces."""

    start: int
    end: int
    title: str
    speaks_for: str
    speaks_much: str
    speaks_against: str


Place = TypeVar("Place", bound="tuple[int, int] | Spoken")


def shown_text(text: str, marks: Sequence[tuple[int, int]] = (), spoken: Sequence[Spoken] = ()) -> Markup:
    """`text` for the page. `marks` are sentences as (start, end) in characters, `spoken` words that decided a tag.

    Offsets in the page's text are those of `text`.
    """
    sentences = (
        (mark, Markup("").join(_word(text[first:last], word) for first, last, word in _parts(start, end, spoken)))
        for start, end, mark in _parts(0, len(text), marks)
    )
    return Markup("").join(Markup("<mark>{}</mark>").format(words) if mark else words for mark, words in sentences)


def _parts(start: int, end: int, places: Sequence[Place]) -> Iterator[tuple[int, int, Place | None]]:
    """All from `start` to `end` in pieces, those that lie in one of the places together with it."""
    at = start
    for place in sorted(places):
        first, last = max(place[0], at), min(place[1], end)
        if first >= last:
            continue
        yield at, first, None
        yield first, last, place
        at = last
    yield at, end, None


def _word(text: str, word: Spoken | None) -> Markup:
    if word is None:
        return _linked(text)
    return Markup(
        '<span class="spoke" data-for="{0.speaks_for}" data-much="{0.speaks_much}"'
        ' data-against="{0.speaks_against}" title="{0.title}">{1}</span>'
    ).format(word, _linked(text))


def _linked(text: str) -> Markup:
    parts: list[Markup] = []
    at = 0
    for found in _ADDRESS.finditer(text):
        address = found.group().rstrip(_TRAILING)
        parts.append(_plain(text[at : found.start()]))
        parts.append(
            Markup('<a class="link" href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>').format(
                address
            )
        )
        at = found.start() + len(address)
    parts.append(_plain(text[at:]))
    return Markup("").join(parts)


def _plain(text: str) -> Markup:
    # A browser would read CR LF as one character, and the offsets of marked sentences would no longer fit.
    return escape(text).replace("\r", Markup("&#13;"))
