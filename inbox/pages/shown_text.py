"""A stranger's plain text as HTML: escaped, addresses clickable, marked sentences marked; no character added or lost."""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[^\s<>\"'`]{3,2000}")
_TRAILING = ".,;:!?)]}…»”’"


def shown_text(text: str, marks: Sequence[tuple[int, int]] = ()) -> Markup:
    """`text` for the page; `marks` are (start, end) in characters. Offsets in the page's text are those of `text`."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(_linked(piece)) if is_marked else _linked(piece)
        for piece, is_marked in _pieces(text, marks)
    )


def _pieces(text: str, marks: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    at = 0
    for first, last in sorted(marks):
        start, end = max(first, at), min(last, len(text))
        if start >= end:
            continue
        yield text[at:start], False
        yield text[start:end], True
        at = end
    yield text[at:], False


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
