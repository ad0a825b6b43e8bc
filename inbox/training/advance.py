"""How far a training has come; saying so keeps it claimed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.live import publish
from inbox.training.claim_training import LEASE, Claim
from inbox.training.models import Model, ModelState


class Lost(Exception):
    """Somebody else holds this training now: it took too long, or it was settled."""


def advance(session: Session, claim: Claim, at: datetime, *, step: int, steps: int) -> None:
    """Write down that `step` of `steps` is done. Raises Lost."""
    model = held(session, claim)
    model.step, model.steps, model.claimed_until = step, steps, at + LEASE
    publish(session, "models", model.id)


def held(session: Session, claim: Claim) -> Model:
    """The training of this claim, locked. Raises Lost."""
    query = sa.select(Model).where(Model.id == claim.model_id).with_for_update()
    model = session.scalars(query.execution_options(populate_existing=True)).one()
    if (model.state, model.tries) != (ModelState.TRAINING, claim.number):
        raise Lost(f"The training {claim.model_id} was given to somebody else.")
    return model
