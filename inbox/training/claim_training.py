"""Gives a waiting training to one worker, for a while; begins the nightly one when it is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.database import skip_locked
from inbox.labels.models import Correction
from inbox.live import publish
from inbox.teams.models import Workspace
from inbox.training.models import Model, ModelState
from inbox.training.train_now import train_now

LEASE = timedelta(minutes=5)
MOST_TRIES = 3
NIGHT = range(2, 6)
"""Hours, in the workspace's time zone, in which the nightly training may begin."""

REST = timedelta(hours=18)


@dataclass(frozen=True, slots=True)
class Claim:
    """A training and the number of the try that holds it; a later try ends the earlier one's say."""

    model_id: int
    number: int


def claim_training(session: Session, base_version: str, at: datetime) -> Claim | None:
    """The training that waits, or whose worker is gone. None: nothing to do. After MOST_TRIES it is given up."""
    if is_nightly_due(session, base_version, at):
        train_now(session)
    query = sa.select(Model).where(
        Model.state == ModelState.TRAINING, sa.or_(Model.claimed_until.is_(None), Model.claimed_until < at)
    )
    model = session.scalar(skip_locked(session, query).execution_options(populate_existing=True))
    if model is None:
        return None
    publish(session, "models", model.id)
    if model.tries >= MOST_TRIES:
        model.state, model.reason, model.made_at = ModelState.ABANDONED, "abandoned", at
        return None
    model.base_version = base_version
    model.tries += 1
    model.claimed_until, model.step = at + LEASE, 0
    return Claim(model.id, model.tries)


def is_nightly_due(session: Session, base_version: str, at: datetime) -> bool:
    """Whether it is night, this base was not trained upon since the evening, and somebody has corrected something since."""
    workspace = session.get(Workspace, 1)
    if workspace is None or at.astimezone(ZoneInfo(workspace.time_zone)).hour not in NIGHT:
        return False
    trained = sa.and_(Model.base_version == base_version, Model.version != base_version)
    last = session.scalar(sa.select(sa.func.max(Model.requested_at)).where(trained))
    if last is not None and at - last < REST:
        return False
    corrected = sa.select(sa.func.max(Correction.at)).scalar_subquery()
    undone = sa.select(sa.func.max(Correction.undone_at)).scalar_subquery()
    newest = max(filter(None, session.execute(sa.select(corrected, undone)).one()), default=None)
    return newest is not None and (last is None or newest > last)
