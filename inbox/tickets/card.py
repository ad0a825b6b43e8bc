"""Writes the card of an idea that a tracker gets: what is asked, by how many, in whose words, and the way back."""

from sqlalchemy.orm import Session

from inbox.config import load_settings
from inbox.connectors.tracker_contract import IdeaCard
from inbox.ideas.models import Idea
from inbox.ideas.quotes import quotes
from inbox.teams.models import ProductTeam, Workspace
from inbox.text import one_line
from inbox.trackers.models import Tracker

QUOTES = 5
QUOTE_LIMIT = 600


def card(session: Session, idea: Idea, tracker: Tracker) -> IdeaCard:
    """The card for one idea at one tracker. Its key is the same at every call, so that it arrives once."""
    team = session.get(ProductTeam, tracker.product_team_id)
    workspace = session.get(Workspace, 1)
    said = [quote for quote in quotes(session, [idea.id], each=QUOTES).get(idea.id, []) if quote.words]
    return IdeaCard(
        # SQLite may give the number of a removed idea to a new one; together with its birth it stays unique.
        key=f"idea-{idea.id}-tracker-{tracker.id}-{int(idea.created_at.timestamp()):x}",
        title=idea.title,
        summary=idea.summary,
        back_url=f"{load_settings().base_url}/ideas/{idea.id}",
        team=team.name if team else "",
        language=idea.language if idea.language in {"de", "en"} else workspace.language if workspace else "en",
        people=idea.people,
        quotes=tuple((one_line(quote.words, QUOTE_LIMIT), quote.author, quote.url) for quote in said),
    )
