"""Proposes ideas that ask for much the same as a text. A proposal, never an act.

Likeness is measured in pieces of words, so that "Vertretung" meets "Vertretungsplan", and rare pieces weigh more.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from inbox.ideas.models import Evidence, Idea, IdeaState
from inbox.text import folded

LOOKED_AT = 2_000
READ_CHARACTERS = 600
LEAST = 0.22
PIECES = (3, 4, 5)
# Words that ask for anything at all; they would make every wish look like every other.
COMMON_WORDS = """
the and for with that this you your can could would should please have has are was not but from there when will just like
want need its our all any how what add feature option possible able make more der die das den dem des ein eine einen einem
einer und oder aber mit fur von auf bei nicht ist sind war waren wird werden kann konnte konnten konntet ware bitte man wir
ihr sie ich mir mich uns euch auch noch nur wenn dass als zum zur wie mehr gern gerne schon gut toll hatte haben gibt geben
wunsche wunschen funktion moglich
"""
COMMON = frozenset(COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Alike:
    """An idea that seems to ask for the same. `likeness` is between 0 and 1."""

    id: int
    title: str
    state: IdeaState
    people: int
    likeness: float


def suggest(session: Session, text: str, *, limit: int = 5, without: int | None = None) -> list[Alike]:
    """The ideas most like `text`, best first, in one statement. Looks at the 2,000 changed last that are not declined."""
    wanted = frozenset(pieces(text[:READ_CHARACTERS]))
    if not wanted:
        return []
    # One quote beside title and summary: people repeat each other's words more than ours.
    first = aliased(Evidence)
    said = select(func.min(first.id)).where(first.idea_id == Idea.id).correlate(Idea).scalar_subquery()
    query = (
        select(Idea.id, Idea.title, Idea.summary, Idea.state, Idea.people, Evidence.quote)
        .outerjoin(Evidence, Evidence.id == said)
        .where(Idea.merged_into_id.is_(None), Idea.state != IdeaState.DECLINED)
        .order_by(Idea.updated_at.desc(), Idea.id.desc())
        .limit(LOOKED_AT)
    )
    if without is not None:
        query = query.where(Idea.id != without)
    rows = session.execute(query).all()
    documents = [
        (pieces(f"{title} {summary[:READ_CHARACTERS]}"), pieces((quote or "")[:READ_CHARACTERS]))
        for _, title, summary, _, _, quote in rows
    ]
    heard_in = Counter(piece for own, said_ in documents for piece in {*own, *said_})
    weights = {piece: math.log(1 + (len(rows) + 1) / (1 + heard_in[piece])) for piece in {*heard_in, *wanted}}
    scored = [
        Alike(row.id, row.title, IdeaState(row.state), row.people, max(_likeness(wanted, d, weights) for d in document))
        for row, document in zip(rows, documents, strict=True)
    ]
    best = sorted((alike for alike in scored if alike.likeness >= LEAST), key=lambda alike: (-alike.likeness, alike.id))
    return best[:limit]


@lru_cache(maxsize=8_192)
def pieces(text: str) -> tuple[str, ...]:
    """The pieces of three to five letters of the words of `text`, each once, words with their ends marked, common ones left out."""
    words = {word for word in re.findall(r"\w+", folded(text)) if word not in COMMON and len(word) > 2}
    found = {
        padded[start : start + size]
        for padded in (f" {word} " for word in words)
        for size in PIECES
        for start in range(len(padded) - size + 1)
    }
    # Kept as a tuple of shared strings: as sets of their own, those of a large board would take some hundred megabytes.
    return tuple(map(intern, found))


def _likeness(wanted: frozenset[str], other: tuple[str, ...], weights: dict[str, float]) -> float:
    """Shared weight over a mean of the two weights that leans to the smaller: a title may be short and the text long."""
    shared = sum(weights[piece] for piece in other if piece in wanted)
    if not shared:
        return 0.0
    less, more = sorted((sum(weights[piece] for piece in wanted), sum(weights[piece] for piece in other)))
    return float(shared / (less**0.7 * more**0.3))
