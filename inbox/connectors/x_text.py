"""How X counts: most of Asia's characters and every emoji two, every address 23. Used by `x` alone."""

import re
import unicodedata

ADDRESS = 23
_ADDRESS = re.compile(
    r"https?://[^\s<>\"]+"
    # X links names of sites by themselves; it knows more endings than these.
    r"|(?<![\w@.-])(?:[a-z0-9][a-z0-9-]*\.)+(?:com|org|net|de|at|ch|eu|io|app|dev|info|co|uk|fr|nl|ai)\b(?:/[^\s<>\"]*)?",
    re.IGNORECASE,
)
_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
_TONE = "(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|[\U0001f000-\U0001faff]{_TONE}(?:\u200d{_PICTURE}{_TONE})*"
    f"|{_PICTURE}(?:\ufe0f(?:\u200d{_PICTURE}{_TONE})*|[\U0001f3fb-\U0001f3ff](?:\u200d{_PICTURE}{_TONE})*)"
)
# These count one; all others two.
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


def weighted_length(text: str) -> int:
    """The length of a post with this text."""
    rest, addresses = _ADDRESS.subn("", unicodedata.normalize("NFC", text))
    rest, emoji = _EMOJI.subn("", rest)
    return addresses * ADDRESS + emoji * 2 + sum(map(_weight, rest))


def has_address(text: str) -> bool:
    """Whether X would make a link of some of it, which costs more."""
    return _ADDRESS.search(text) is not None


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2
