"""What people wrote in a forum's post, apart from what they quoted, and the pictures they showed. Used by `discourse` alone."""

import html
import re
from dataclasses import dataclass

from inbox.connectors.lenient import web_address
from inbox.text import plain_from_html

_ASIDE = re.compile(r"<aside\b([^>]*)>|</aside>", re.IGNORECASE)
_SOURCE = re.compile(r'data-onebox-src="([^"]*)"')
_PICTURE = re.compile(r'<a class="lightbox" href="([^"]*)"')
_CAPTION = re.compile(r'<div class="meta">.*?</div>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """Words without markup. `pictures` are addresses."""

    text: str
    quote: str
    pictures: tuple[str, ...]


def written_in(cooked: str, server: str) -> Written:
    """A post's HTML, read. A preview of another page becomes the address of that page."""
    own, quoted = _parted(cooked)
    pictures = (html.unescape(address) for address in _PICTURE.findall(own))
    whole = (web_address(f"{server}{each}" if each.startswith("/") else each) for each in pictures)
    text = plain_from_html(_CAPTION.sub("", own))
    return Written(text or plain_from_html(cooked), plain_from_html(quoted) if text else "", tuple(filter(None, whole)))


def _parted(cooked: str) -> tuple[str, str]:
    own, quoted = list[str](), list[str]()
    depth, begin, source = 0, 0, ""
    for mark in _ASIDE.finditer(cooked):
        if mark[0].startswith("</"):
            if depth == 1:
                (own if source else quoted).append(source or cooked[begin : mark.end()])
                begin = mark.end()
            depth = max(0, depth - 1)
            continue
        if depth == 0:
            own.append(cooked[begin : mark.start()])
            begin = mark.start()
            found = _SOURCE.search(mark[1])
            source = f"<p>{found[1]}</p>" if found else ""
        depth += 1
    # An aside without an end is read like the rest.
    own.append(cooked[begin:])
    return "".join(own), "".join(quoted)
