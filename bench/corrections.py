"""A week of corrections: three teammates teach a model a domain that it has never seen, and one of them is mistaken.

Every night it learns by the same recipe as in an inbox. `bin/bench corrections` draws what came of it in corrections.svg.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from bench.corrections_plot import draw_week
from bench.figure import Figure
from classifiers.examples import HEADS, Example, frozen_examples
from classifiers.gate import macro_f1, said_tags, say
from classifiers.tags import OTHER, Tag
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.conversations.models import Conversation, Direction, Message
from inbox.database import Database
from inbox.labels.models import Correction
from inbox.migrations.migrate import migrate
from inbox.teams.models import Teammate
from inbox.training.claim_training import claim_training
from inbox.training.models import Contradiction, ModelState
from inbox.training.serve_base import serve_base
from inbox.training.train_now import train_now
from workers.champion import champion, shipped
from workers.retrain import train

NOTES = Path(__file__).parent / "climbing.csv"
PLOT = Path(__file__).parent / "corrections.svg"
TEAM, MISTAKEN = ("Ada", "Bea", "Cem", "Dua"), "Cem"
DAYS, TAUGHT = 7, 200


@dataclass(frozen=True, slots=True)
class Night:
    """What stood after the training of a night: macro-F1 on notes never taught and on the frozen messages; the verdict."""

    corrections: int
    domain: float
    frozen: float
    verdict: str
    left_out: bool


def corrections(folder: Path) -> list[Figure]:
    """Macro-F1 at the end of the week, bounded by what it was before; draws the plot."""
    folder.mkdir(parents=True, exist_ok=True)
    migrate(f"sqlite:///{folder / 'week.db'}")
    database = Database(f"sqlite:///{folder / 'week.db'}")
    nights = list(_week(database))
    database.dispose()
    PLOT.write_text(draw_week(nights), encoding="utf-8")
    first, last = nights[0], nights[-1]
    return [
        Figure("corrections: macro-F1 on a new domain", last.domain, "F1", first.domain),
        Figure("corrections: macro-F1 on the frozen messages", last.frozen, "F1", first.frozen),
    ]


def _week(database: Database) -> Iterator[Night]:
    notes = _notes()
    taught, asked = notes[:TAUGHT], notes[TAUGHT:]
    mates, numbers = _inbox(database, taught)
    yield _night(database, asked, 0, "", left_out=False)
    chance = np.random.default_rng(7)
    edges = [round(day * TAUGHT / DAYS) for day in range(DAYS + 1)]
    for start, end in pairwise(edges):
        with database.writing() as session:
            for place in range(start, end):
                mate = TEAM[place % len(TEAM)]
                right = {tag.value for tag, holds in zip(Tag, taught[place].said, strict=False) if holds}
                tags = _wrong(right, chance) if mate == MISTAKEN else right
                primary = min(tags, default=OTHER)
                row = Correction(message_id=numbers[place], teammate_id=mates[mate], after=" ".join(sorted(tags)))
                row.after_primary = primary
                session.add(row)
            serve_base(session, shipped().version, now())
            train_now(session)
            claim = claim_training(session, shipped().version, now())
        assert claim
        model = train(database, claim)
        with database.reading() as session:
            left_out = session.get(Contradiction, mates[MISTAKEN]) is not None
        verdict = "" if model.state == ModelState.CHAMPION else model.reason
        yield _night(database, asked, end, verdict, left_out=left_out)


def _night(database: Database, asked: list[Example], count: int, verdict: str, *, left_out: bool) -> Night:
    tagger = champion(database)
    domain, frozen = (macro_f1(said_tags(texts), say(tagger, texts)) for texts in (asked, frozen_examples()))
    return Night(count, domain, frozen, verdict, left_out)


def _notes() -> list[Example]:
    with NOTES.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["lang"], set(row["labels"].split())) for row in csv.DictReader(file)]
    order = np.random.default_rng(0).permutation(len(rows))
    notes = [rows[int(place)] for place in order]
    return [
        Example(text, lang, tuple(head in labels if head in set(Tag) else None for head in HEADS), "")
        for text, lang, labels in notes
    ]


def _wrong(right: set[str], chance: np.random.Generator) -> set[str]:
    others = [tags for tags in (*({tag.value} for tag in Tag), set[str]()) if tags != right]
    return others[int(chance.integers(len(others)))]


def _inbox(database: Database, notes: list[Example]) -> tuple[dict[str, int], list[int]]:
    with database.writing() as session:
        mates = {name: Teammate(name=name, email=f"{name.lower()}@example.org") for name in TEAM}
        channel = Channel(kind="file", name="Notes of a climbing gym")
        session.add_all([*mates.values(), channel])
        session.flush()
        thread = Conversation(channel_id=channel.id, external_id="notes", last_message_at=now())
        session.add(thread)
        session.flush()
        for number, note in enumerate(notes):
            message = Message(conversation_id=thread.id, channel_id=channel.id, external_id=str(number), text=note.text)
            message.direction, message.language, message.posted_at = Direction.IN, note.lang, now()
            session.add(message)
        session.flush()
        numbers = session.scalars(sa.select(Message.id).order_by(Message.id)).all()
        return {name: mate.id for name, mate in mates.items()}, list(numbers)
