"""Turns bytes and headers of mails into text, whatever they say about their encoding."""

import codecs
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import collapse_rfc2231_value

from inbox.text import one_line

# Codecs that are no charsets of mails, and some of them slow on hostile input.
_REFUSED = {"punycode", "idna", "undefined", "unicode_escape", "raw-unicode-escape", "unicode-escape", "mbcs", "oem"}
# Mail programs say these and mean something wider.
_NARROW = {"", "utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
HEADER_LIMIT = 2_000


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Text from `data`; a charset that is unknown or wrong is replaced by the likeliest one. Never raises."""
    name = _known(charset)
    if name not in _NARROW:
        try:
            return data.decode(name, "replace")
        except (UnicodeError, LookupError, ValueError):
            pass
    try:
        # Nothing reads as UTF-8 by chance, so what does is UTF-8, whatever the label says.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("iso8859-15" if name == "iso8859-15" else "cp1252", "replace")


def decode_words(value: object, limit: int = HEADER_LIMIT) -> str:
    """A header's value as one line of text: RFC 2047 words, raw UTF-8 and raw Latin-1 alike. Never raises."""
    text = str(value or "")[: limit * 4]
    raw = text.encode("utf-8", "surrogateescape")
    if "=?" not in text:
        return one_line(decode_bytes(raw, None), limit)
    try:
        parts = decode_header(decode_bytes(raw, None))
    except (HeaderParseError, ValueError, LookupError, AssertionError):
        return one_line(decode_bytes(raw, None), limit)
    words = [
        part
        if isinstance(part, str)
        else decode_bytes(part, charset)
        if charset
        else part.decode("raw-unicode-escape", "replace")
        for part, charset in parts
    ]
    return one_line("".join(words), limit)


def decode_name(value: object) -> str:
    """A file's name from a header parameter, without folders."""
    if isinstance(value, tuple):
        try:
            value = collapse_rfc2231_value(value)
        except (LookupError, ValueError, TypeError):
            value = value[-1]
    name = decode_words(value, 300)
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip(" .") if name else ""


def _known(charset: str | None) -> str:
    try:
        name = codecs.lookup((charset or "").strip("\"' ")[:40]).name
    except (LookupError, ValueError):
        return ""
    return "" if name in _REFUSED else name
