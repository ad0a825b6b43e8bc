"""Hands an idea to a product team: routes it there and pushes it to every tracker the team uses."""

from sqlalchemy.orm import Session

from inbox.ideas.models import Idea
from inbox.ideas.route import route
from inbox.teams.models import ProductTeam, Teammate
from inbox.tickets.models import Ticket
from inbox.tickets.push import push
from inbox.trackers.browse import browse


def hand_over(session: Session, idea: Idea, team: ProductTeam, *, by: Teammate | None) -> list[Ticket]:
    """The idea's tickets at the team's trackers; doing it twice sends nothing twice. Raises IdeaRefused."""
    route(session, idea, team, by=by)
    return [push(session, idea, tracker, by=by) for tracker in browse(session, team, active=True)]
