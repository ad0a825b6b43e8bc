"""Writes down who contradicts everybody else, as a training found; a person decides what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.training.models import Contradiction


@dataclass(frozen=True, slots=True)
class Found:
    """Of `corrections` of a teammate so many are `contradicted` by what the others teach; some `examples`."""

    teammate_id: int
    corrections: int
    contradicted: int
    examples: Sequence[dict[str, Any]] = field(default=())


def contradict(session: Session, found: Sequence[Found]) -> None:
    """Write down who contradicts the others now. Whom nobody spoke about and who does so no longer is forgotten."""
    known = {row.teammate_id: row for row in session.scalars(sa.select(Contradiction))}
    for one in found:
        row = known.pop(one.teammate_id, None)
        if row is None:
            row = Contradiction(teammate_id=one.teammate_id)
            session.add(row)
        row.found_at, row.corrections, row.contradicted = now(), one.corrections, one.contradicted
        row.examples = list(one.examples)
    for row in known.values():
        if row.decision is None:
            session.delete(row)
    session.flush()
