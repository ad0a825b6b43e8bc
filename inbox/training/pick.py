"""Picks the messages for a round of training: those of which an answer teaches most, and no two that say the same."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.abilities import kinds_for_training
from inbox.channels.models import Channel
from inbox.conversations.models import Direction, Message
from inbox.database import among
from inbox.labels.models import LABELS, Label, Tag
from inbox.text import folded
from inbox.training.teachable import readable, with_author

ROUND = 14  # about a minute
NEWEST = 4_000  # the work is bounded by this, however large the inbox is
CANDIDATES = 200
COMPARED = 400  # characters of a text that are looked at for likeness
ALIKE = 0.5
OF_ONE_AUTHOR = 2
SPOKEN = ("de", "en")  # what the classifier is measured in, and what can be asked of everybody


def pick(session: Session, *, without: Collection[int] = (), limit: int = ROUND) -> list[int]:
    """Up to `limit` ids among the newest messages, the most informative first, in one statement.

    Each carries a label that no person has touched. Those that the thresholds leave open come first, then those whose
    probabilities say least. Invented samples are asked about only while there is nothing else; ids in `without` never.
    """
    rows = session.execute(_candidates(session, without)).all()
    return [row.id for row in _unlike(rows, limit)]


def openness() -> sa.ColumnElement[float]:
    """How much is open about a label: the wrong tags to be expected if each of the four were drawn by its probability."""
    parts = [getattr(Label, tag.value) for tag in LABELS]
    return sum((part * (1.0 - part) for part in parts), sa.literal(0.0))


def _candidates(session: Session, without: Collection[int]) -> sa.Select[Any]:
    newest = (
        sa.select(Message.id)
        .where(Message.direction == sa.literal_column(f"'{Direction.IN.value}'"))
        .order_by(Message.posted_at.desc(), Message.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    query = sa.select(Message.id, Message.identity_id, sa.func.substr(Message.text, 1, COMPARED).label("text"))
    query = with_author(query.join(newest, newest.c.id == Message.id).join(Label, Label.message_id == Message.id))
    only_samples = ~sa.exists().where(Channel.is_sample.is_(False)).correlate(None)
    return (
        query.where(
            readable(),
            Channel.kind.in_(kinds_for_training()),
            sa.or_(Channel.is_sample.is_(False), only_samples),
            Label.corrected_by_id.is_(None),
            Message.is_automatic.is_(False),
            Message.text != "",
            ~among(session, Message.id, without),
        )
        .order_by(
            Label.language.in_(SPOKEN).desc(),
            # What the thresholds leave to a person comes before what they settle.
            sa.or_(Label.primary == Tag.UNSURE.value, Label.suggested != "").desc(),
            openness().desc(),
            Message.posted_at.desc(),
            Message.id.desc(),
        )
        .limit(CANDIDATES)
    )


def _unlike(rows: Iterable[Any], limit: int) -> Sequence[Any]:
    """The first rows of which none nearly repeats an earlier one; few of one author, so that nobody is asked about alone."""
    chosen: list[Any] = []
    seen: list[set[str]] = []
    of: dict[int | None, int] = {}
    for row in rows:
        if len(chosen) == limit:
            break
        pieces = _pieces(row.text)
        if row.identity_id is not None and of.get(row.identity_id, 0) >= OF_ONE_AUTHOR:
            continue
        if not pieces or any(_likeness(pieces, other) >= ALIKE for other in seen):
            continue
        chosen.append(row)
        seen.append(pieces)
        of[row.identity_id] = of.get(row.identity_id, 0) + 1
    return chosen


def _pieces(text: str) -> set[str]:
    """The text as three letters at a time, without signs: near-copies share most of them. Empty when nothing is said."""
    words = "".join(letter if letter.isalnum() else " " for letter in folded(text)).split()
    line = f" {' '.join(words)} "
    return {line[place : place + 3] for place in range(len(line) - 2)} if words else set()


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
