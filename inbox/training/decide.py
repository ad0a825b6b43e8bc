"""A person says whether the corrections of somebody who contradicts everybody else are used."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.training.models import Contradiction, Decision


def decide(session: Session, contradiction: Contradiction, decision: Decision | None, *, by: Teammate) -> None:
    """Use them all the same, or leave them out; None takes back what was said. Holds from the next training on."""
    contradiction.decision = decision
    contradiction.decided_by_id = by.id if decision else None
    contradiction.decided_at = now() if decision else None
    session.flush()
    record(session, "corrections.decided", "teammate", contradiction.teammate_id, by=by, decision=decision)
    publish(session, "models")
