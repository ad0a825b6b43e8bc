"""The idea board, one idea with the people behind it, and what is decided about it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from inbox.ideas.browse import Filter, board
from inbox.ideas.edit import edit
from inbox.ideas.find import find_absorbed, find_idea
from inbox.ideas.history import history
from inbox.ideas.merge import find_merge, merge, unmerge
from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.progress import NEXT, progress
from inbox.ideas.quotes import quotes
from inbox.ideas.refusal import IdeaRefused
from inbox.ideas.suggest import suggest
from inbox.pages.access import me, requires, safe_next
from inbox.pages.forms import Form
from inbox.pages.found import filter_id, found, row_id
from inbox.pages.rendering import render
from inbox.pages.telling import tell, tell_refusal
from inbox.sentence import N_
from inbox.teams.models import ProductTeam
from inbox.teams.permissions import Permission
from inbox.teams.product_teams import browse_teams
from inbox.text import one_line
from inbox.tickets.browse import browse as browse_tickets
from inbox.tickets.hand_over import hand_over
from inbox.trackers.browse import browse as browse_trackers
from inbox.web import reading, writing

page = Blueprint("ideas", __name__)
QUOTES = 50


@page.get("/ideas")
@requires(Permission.IDEAS_READ)
def index() -> ResponseReturnValue:
    """The board, narrowed by product team and words."""
    team, words = request.args.get("team", ""), one_line(request.args.get("q", ""), 200)
    team_id = filter_id(team)
    columns = board(reading(), Filter(team_id=team_id, words=words))
    tickets = browse_tickets(reading(), [card.id for column in columns for card in column.cards])
    query = {name: value for name, value in (("team", team if team_id is not None else ""), ("q", words)) if value}
    teams = browse_teams(reading())
    return render("ideas/index.html", columns=columns, tickets=tickets, teams=teams, query=query, steps=NEXT)


@page.get("/ideas/<int:idea_id>")
@requires(Permission.IDEAS_READ)
def show(idea_id: int) -> ResponseReturnValue:
    """One idea: words, evidence, team, tickets, look-alikes, history."""
    return _show(_found(reading(), idea_id))


@page.post("/ideas/<int:idea_id>")
@requires(Permission.IDEAS_PROMOTE)
def update(idea_id: int) -> ResponseReturnValue:
    """Other words for it."""
    form = Form(request.form)
    form.need("title", 200)
    if form.errors:
        return _show(_found(reading(), idea_id), form, 422)
    with writing() as writable:
        idea = _found(writable, idea_id)
        edit(writable, idea, title=form["title"], summary=form["summary"], area=form["area"], by=me())
    tell(gettext("Saved."))
    return _back(idea_id)


@page.post("/ideas/<int:idea_id>/state")
@requires(Permission.IDEAS_DECIDE)
def create_state(idea_id: int) -> ResponseReturnValue:
    """Move it to `state`, perhaps with a `reason`."""
    form = Form(request.form)
    if form["state"] not in set(IdeaState):
        abort(422)
    state, before = IdeaState(form["state"]), ""

    def move(writable: Session, idea: Idea) -> None:
        nonlocal before
        before = idea.state
        progress(writable, idea, state, by=me(), reason=form["reason"])

    if _decided(idea_id, move) and before != state:
        tell(gettext("Moved."), undo=request.path, fields={"state": before, "then": safe_next(form["then"])})
    return _back(idea_id)


@page.post("/ideas/<int:idea_id>/routing")
@requires(Permission.IDEAS_DECIDE)
def create_routing(idea_id: int) -> ResponseReturnValue:
    """Hand it to the product team `team`, with a ticket at each of its trackers."""
    sent = 0

    def give(writable: Session, idea: Idea) -> None:
        nonlocal sent
        team = found(writable, ProductTeam, request.form.get("team", ""))
        sent = len(hand_over(writable, idea, team, by=me()))

    if _decided(idea_id, give):
        on_its_way = ngettext(
            "Handed over; on its way to one place.", "Handed over; on its way to %(num)s places.", sent
        )
        tell(on_its_way if sent else gettext("Handed over."))
    return _back(idea_id)


@page.post("/ideas/<int:idea_id>/merge")
@requires(Permission.IDEAS_DECIDE)
def create_merge(idea_id: int) -> ResponseReturnValue:
    """Merge it into the idea `into`; the page goes on there."""
    into_id = row_id(request.form.get("into", "").lstrip("#")) or 0

    def join(writable: Session, idea: Idea) -> None:
        nonlocal into_id
        into = find_idea(writable, into_id)
        if into is None:
            raise IdeaRefused(N_("There is no idea of this number."))
        merge(writable, idea, into, by=me())
        into_id = idea.merged_into_id or into_id

    if not _decided(idea_id, join):
        return _back(idea_id)
    tell(gettext("Merged."), undo=url_for("ideas.create_parting", idea_id=idea_id))
    return redirect(url_for("ideas.show", idea_id=into_id), 303)


@page.post("/ideas/<int:idea_id>/parting")
@requires(Permission.IDEAS_DECIDE)
def create_parting(idea_id: int) -> ResponseReturnValue:
    """Take a merge back."""

    def part(writable: Session, idea: Idea) -> None:
        unmerge(writable, find_merge(writable, idea) or abort(404), by=me())

    if _decided(idea_id, part):
        tell(gettext("Parted again."))
    return _back(idea_id)


def _decided(idea_id: int, act: Callable[[Session, Idea], None]) -> bool:
    """Whether `act` was done; a refusal is told and nothing has changed."""
    try:
        with writing() as writable:
            act(writable, _found(writable, idea_id))
    except IdeaRefused as refusal:
        tell_refusal(gettext(str(refusal)))
        return False
    return True


def _show(idea: Idea, form: Form | None = None, status: int = 200) -> Response:
    session = reading()
    before = row_id(request.args.get("before"))
    said = quotes(session, [idea.id], each=QUOTES + 1, before=before, deleted_last=False).get(idea.id, [])
    tickets = browse_tickets(session, [idea.id]).get(idea.id, [])
    there = {ticket.tracker_id for ticket in tickets}
    team = idea.product_team
    context: dict[str, Any] = {
        "said": said[:QUOTES],
        "older": said[QUOTES - 1].evidence_id if len(said) > QUOTES else None,
        "tickets": tickets,
        "waiting": [
            tracker
            for tracker in (browse_trackers(session, team, active=True) if team else [])
            if tracker.id not in there
        ],
        "alike": suggest(session, f"{idea.title} {idea.summary}", without=idea.id)
        if idea.merged_into_id is None
        else [],
        "absorbed": find_absorbed(session, idea),
        "into": find_idea(session, idea.merged_into_id) if idea.merged_into_id else None,
        "history": history(session, idea),
        "teams": browse_teams(session),
        "steps": NEXT[IdeaState(idea.state)],
        "form": form or Form({"title": idea.title, "summary": idea.summary, "area": idea.area}),
    }
    return render("ideas/show.html", status=status, idea=idea, **context)


def _found(session: Session, idea_id: int) -> Idea:
    return find_idea(session, idea_id) or abort(404)


def _back(idea_id: int) -> ResponseReturnValue:
    then = request.form.get("then", "")
    return redirect(safe_next(then) if then else url_for("ideas.show", idea_id=idea_id), 303)
