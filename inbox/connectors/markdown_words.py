"""Plain words in Markdown, so that they are shown as they were typed. Shared by the connectors whose platform renders Markdown."""

import re

# Addresses stay whole, or they would lead nowhere.
_PARTS = re.compile(r"(https?://[^\s<>]+)")
_MARKUP = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)")
# What makes a list, a heading, a rule or a quotation where a line begins.
_BEGIN = re.compile(r"^(\s*\d*)([.)#+=-])(?=\s|[#=-]|$)", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]{4,}", re.MULTILINE)


def as_markdown(text: str) -> str:
    """`text` with its signs marked as signs; names called with @ are still called. Lines stay lines."""
    parts = _PARTS.split(text)
    words = "".join(part if index % 2 else _MARKUP.sub(r"\\\g<0>", part) for index, part in enumerate(parts))
    # Four blanks would begin a block of code.
    return _INDENT.sub(lambda blanks: "\u00a0" * len(blanks[0]), _BEGIN.sub(r"\1\\\2", words))
