"""Lists the trackers of product teams."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.teams.models import ProductTeam
from inbox.trackers.models import Tracker


def browse(session: Session, team: ProductTeam | None = None, *, active: bool = False) -> Sequence[Tracker]:
    """The trackers of a team, or all; only those in use when `active`."""
    query = select(Tracker).order_by(Tracker.name, Tracker.id)
    if team is not None:
        query = query.where(Tracker.product_team_id == team.id)
    if active:
        query = query.where(Tracker.is_active)
    return session.scalars(query).all()


def find_tracker(session: Session, tracker_id: int) -> Tracker | None:
    """The tracker, or None."""
    return session.get(Tracker, tracker_id)
