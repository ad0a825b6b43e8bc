"""What people wrote in GitHub's Markdown, apart from what they quoted and from the notes of templates. Used by `github` alone."""

import re
from dataclasses import dataclass
from itertools import chain

from inbox.connectors.lenient import web_address

_NOTE = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\((https?://[^\s)]{1,2000})[^)\n]{0,300}\)")
_TAG = re.compile(r'<img\b[^>\n]{0,1000}?\bsrc="(https?://[^"\s]{1,2000})"[^>\n]{0,1000}>', re.IGNORECASE)
_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,300})\]\((https?://[^\s)]{1,2000})[^)\n]{0,300}\)")
_BLANKS = re.compile(r"\n{3,}")
_FENCE = re.compile(r"^\s*(```|~~~)")


@dataclass(frozen=True, slots=True)
class Written:
    """Words as they read in Markdown, which is nearly plain. `pictures` are addresses."""

    text: str
    quote: str
    pictures: tuple[str, ...]


def written_in(body: str) -> Written:
    """A body, read. Lines that begin with > are what somebody else said, except in code."""
    own, quoted, in_code = list[str](), list[str](), False
    for line in _NOTE.sub("", body.replace("\r\n", "\n")).split("\n"):
        in_code ^= bool(_FENCE.match(line))
        if line.startswith(">") and not in_code:
            quoted.append(line[1:].removeprefix(" "))
        else:
            own.append(line)
    words = "\n".join(own)
    found = chain((address for _name, address in _PICTURE.findall(words)), _TAG.findall(words))
    pictures = tuple(dict.fromkeys(filter(None, map(web_address, found))))
    return Written(_plain(words) or _plain("\n".join(quoted)), _plain("\n".join(quoted)), pictures[:20])


def _plain(words: str) -> str:
    words = _TAG.sub("", _PICTURE.sub(r"\1", words))
    return _BLANKS.sub("\n\n", _LINK.sub(r"\1 (\2)", words)).strip()
