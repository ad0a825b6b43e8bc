"""Changes the words of an idea."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.ideas.models import Idea
from inbox.ideas.refusal import IdeaRefused
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.text import one_line, storable

SUMMARY_LIMIT = 10_000


def edit(session: Session, idea: Idea, *, title: str, summary: str, area: str = "", by: Teammate | None) -> bool:
    """Store title (one line, 200), summary (10,000 characters) and area (200). False when nothing changed.

    Raises IdeaRefused without a title.
    """
    words = {
        "title": one_line(title, 200),
        "summary": storable(summary.replace("\r\n", "\n"), SUMMARY_LIMIT).strip(),
        "area": one_line(area, 200),
    }
    if not words["title"]:
        raise IdeaRefused(N_("An idea needs a title."))
    changed = [name for name, value in words.items() if getattr(idea, name) != value]
    for name in changed:
        setattr(idea, name, words[name])
    if changed:
        idea.updated_at = now()
        session.flush()
        record(session, "idea.edited", "idea", idea.id, by=by, changed=changed)
        publish(session, "ideas", idea.id)
    return bool(changed)
