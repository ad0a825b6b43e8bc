"""A person lets a former model serve again. Rolling back to the one that served until now undoes it."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.connectors.contract import N_
from inbox.teams.models import Teammate
from inbox.training.find_champion import find_champion
from inbox.training.models import Model, ModelState
from inbox.training.promote import promote


class CannotRollBack(ValueError):
    """Why that model cannot serve. The text is an English message id."""


def roll_back(session: Session, to: Model, *, by: Teammate) -> Model | None:
    """Make the former model `to` champion; returns the one that was it before. Raises CannotRollBack."""
    before = find_champion(session, locked=True)
    session.refresh(to, with_for_update=True)
    if to.state != ModelState.FORMER:
        raise CannotRollBack(N_("Only a model that served before can serve again."))
    if before is not None and to.base_version != before.base_version:
        raise CannotRollBack(N_("This model belongs to an earlier version of Trellis and cannot serve in this one."))
    if not to.is_base and to.payload is None:
        raise CannotRollBack(N_("This model is too old: what it had learned is no longer kept."))
    promote(session, to)
    record(session, "model.rolled_back", "model", to.id, by=by, before=before.id if before else None)
    return before
