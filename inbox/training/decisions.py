"""Whose corrections a person said to use, or to leave out, whatever a training finds."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.training.models import Contradiction, Decision


def decisions(session: Session) -> dict[int, bool]:
    """By teammate: True to use theirs, False to leave them out. Of whom nobody spoke is not in it."""
    query = sa.select(Contradiction.teammate_id, Contradiction.decision).where(Contradiction.decision.is_not(None))
    return {teammate_id: decision == Decision.USE for teammate_id, decision in session.execute(query)}
