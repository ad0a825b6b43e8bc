"""What became of a training: the challenger serves from now on, or is kept with the reason why it does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.live import publish
from inbox.training.advance import held
from inbox.training.claim_training import Claim
from inbox.training.models import Model, ModelState
from inbox.training.promote import promote

KEPT = 10
"""So many of the newest models keep what they learned."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training made; `reason` is empty for a challenger that may serve. `payload` is None where nothing was made."""

    base_version: str
    version: str = ""
    payload: bytes | None = None
    examples: int = 0
    figures: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    reason_fields: Mapping[str, Any] = field(default_factory=dict)


def settle_training(session: Session, claim: Claim, outcome: Outcome, at: datetime) -> Model:
    """Write down the outcome; where nothing speaks against the challenger it is the champion. Raises Lost."""
    model = held(session, claim)
    model.version, model.base_version, model.payload = outcome.version, outcome.base_version, outcome.payload
    model.examples, model.figures = outcome.examples, dict(outcome.figures)
    model.reason, model.reason_fields = outcome.reason, dict(outcome.reason_fields)
    model.made_at, model.claimed_until, model.step = at, None, model.steps
    if outcome.reason:
        model.state = ModelState.REFUSED
        publish(session, "models", model.id)
    else:
        promote(session, model)
    session.flush()
    _forget_old(session)
    return model


def _forget_old(session: Session) -> None:
    newest = sa.select(Model.id).where(Model.payload.is_not(None)).order_by(Model.id.desc()).limit(KEPT).subquery()
    session.execute(
        sa.update(Model)
        .where(Model.payload.is_not(None), Model.state != ModelState.CHAMPION, Model.id.not_in(sa.select(newest.c.id)))
        .values(payload=None)
        .execution_options(synchronize_session=False)
    )
