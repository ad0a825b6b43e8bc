"""Ideas for programs: list and read them with the quotes that speak for them."""

from typing import Any

from inbox.api.access import requires
from inbox.api.documented import documented
from inbox.api.fields import Cursor, Number, PageQuery, Words
from inbox.api.problems import Problem
from inbox.api.routes import Routes
from inbox.api.schemas import IdeaSchema, IdeaWithQuotesSchema, one_of, page_of
from inbox.database import LARGEST_ID
from inbox.ideas.browse import Filter, browse
from inbox.ideas.find import find_idea
from inbox.ideas.models import IdeaState
from inbox.ideas.quotes import quotes
from inbox.teams.permissions import Permission
from inbox.web import reading

QUOTES = 100
page = Routes("ideas", __doc__ or "")


class IdeasQuery(PageQuery):
    """Which ideas. Those wanted by most people come first."""

    after = Cursor(r"^\d{1,9}\.\d{1,18}$")
    state = one_of(IdeaState)
    team_id = Number(metadata={"description": "0: of no product team."})
    q = Words(longest=200, metadata={"description": "Words in title or summary."})


@page.get("")
@requires(Permission.IDEAS_READ)
@documented(page)
@page.arguments(IdeasQuery, location="query")
@page.response(200, page_of(IdeaSchema, "Ideas"))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List ideas, those wanted by most people first."""
    states = (IdeaState(query["state"]),) if "state" in query else ()
    wanted = Filter(team_id=query.get("team_id"), words=query.get("q", ""), states=states)
    people, _, idea_id = query.get("after", "").partition(".")
    after = (min(int(people), 2**31 - 1), int(idea_id)) if idea_id else None
    found = browse(reading(), wanted, after=after, limit=query["limit"])
    return {"items": found.cards, "next": "{}.{}".format(*found.following) if found.following else None}


@page.get("/<int:idea_id>")
@requires(Permission.IDEAS_READ)
@documented(page, 404)
@page.response(200, IdeaWithQuotesSchema)
def show(idea_id: int) -> dict[str, Any]:
    """Read an idea with its quotes. A merged one names the idea it went into."""
    session = reading()
    idea = find_idea(session, idea_id) if 0 < idea_id <= LARGEST_ID else None
    if idea is None:
        raise Problem(404, "There is no such idea.")
    names = IdeaWithQuotesSchema().fields.keys() - {"team_id", "quotes"}
    kept = {name: getattr(idea, name) for name in names}
    said = quotes(session, [idea.id], each=QUOTES).get(idea.id, [])
    return {**kept, "team_id": idea.product_team_id, "quotes": said}
