"""The words of a message that spoke for or against its tags, placed where they stand in it, wherever they occur again."""

import math
import re
from itertools import islice

from inbox.labels.models import LABELS, Reasons, Tag
from inbox.pages.rendering import factor
from inbox.pages.shown_text import Spoken
from inbox.pages.tag_words import tag_words

SHOWN_WORDS = 6  # on each side of a label
LEAST = 0.05  # a word that changes the odds by less than 5 % is no reason
MUCH = 0.5  # of what the strongest word of the label does
MOST_PLACES = 300  # a text of a thousand times the same word is no page of a thousand marks
_SIGNS = ".,;:!()\"'„“”»«"
_WRITTEN = re.compile(r"\S+")


def spoken_words(text: str, reasons: Reasons) -> list[Spoken]:
    """The first places of `text` that have a say, in their order; each tells in words what it does to which label."""
    said: dict[str, dict[Tag, float]] = {}
    for tag in LABELS:
        for word, share in (*strongest(text, reasons, tag, 1), *strongest(text, reasons, tag, -1)):
            said.setdefault(word.casefold(), {})[tag] = share
    much = {tag: MUCH * max((shares.get(tag, 0.0) for shares in said.values()), default=0.0) for tag in LABELS}
    names = tag_words()
    places = (_bare(text, *written.span()) for written in _WRITTEN.finditer(text))
    found = ((place, said.get(text[slice(*place)].casefold())) for place in places)
    marked = (
        Spoken(
            start,
            end,
            title=" · ".join(f"{names[tag]} {_times(share)}" for tag, share in shares.items()),
            speaks_for=" ".join(tag for tag, share in shares.items() if share > 0),
            speaks_much=" ".join(tag for tag, share in shares.items() if 0 < much[tag] <= share),
            speaks_against=" ".join(tag for tag, share in shares.items() if share < 0),
        )
        for (start, end), shares in found
        if shares
    )
    return list(islice(marked, MOST_PLACES))


def strongest(text: str, reasons: Reasons, tag: Tag, sign: int) -> list[tuple[str, float]]:
    """The words that are shown for the label (`sign` 1) or against it (-1) with their shares in its log-odds."""
    # They are kept in the order of their strength.
    words = reasons.shares[tag.value]["words"]
    shown = [(start, end, share) for start, end, share in words if share * sign >= LEAST][:SHOWN_WORDS]
    return [(text[slice(*_bare(text, start, end))], share) for start, end, share in shown]


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The place without signs at its ends, as long as more than signs is left."""
    word = text[start:end]
    left, right = len(word) - len(word.lstrip(_SIGNS)), len(word.rstrip(_SIGNS))
    return (start + left, start + right) if left < right else (start, end)


def _times(share: float) -> str:
    """What a share does to the odds: "× 4", or "÷ 2" where it speaks against."""
    return f"× {factor(math.exp(share))}" if share > 0 else f"÷ {factor(math.exp(-share))}"
