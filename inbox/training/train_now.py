"""A person asks for a training: it begins at once, or is the one that runs already."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.database import insert
from inbox.jobs import Job, after_commit
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.training.models import Model, ModelState


def train_now(session: Session, *, by: Teammate | None = None) -> Model:
    """The model in training; made when there is none, and then a worker is rung for. One trains at a time."""
    made = session.scalar(
        # The unique index decides between two who ask in the same moment.
        insert(session, Model)
        .values(state=ModelState.TRAINING.value, made_by_id=by.id if by else None)
        .on_conflict_do_nothing()
        .returning(Model.id)
    )
    model = session.scalars(sa.select(Model).where(Model.state == ModelState.TRAINING)).one()
    if made is not None and by is not None:
        record(session, "model.requested", "model", model.id, by=by)
    after_commit(session, Job.RETRAIN)
    publish(session, "models", model.id)
    return model
