"""Product teams: who they are, who is in them, and where ideas go to from there."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.ideas.browse import count_by_team
from inbox.pages.access import me, requires
from inbox.pages.forms import Form
from inbox.pages.found import found
from inbox.pages.rendering import render
from inbox.pages.telling import tell
from inbox.teams.models import ProductTeam, Teammate
from inbox.teams.permissions import Permission
from inbox.teams.product_teams import (
    NameTaken,
    add_member,
    archive_team,
    browse_teams,
    create_team,
    find_team,
    remove_member,
    rename_team,
    restore_team,
)
from inbox.trackers.browse import browse as browse_trackers
from inbox.trackers.connect import tracker_kinds
from inbox.web import reading, writing

page = Blueprint("product_teams", __name__)


@page.get("/product-teams")
@requires(Permission.TEAMS_READ)
def index() -> ResponseReturnValue:
    """All of them."""
    return _index(Form({}))


@page.post("/product-teams")
@requires(Permission.TEAMS_MANAGE)
def create() -> ResponseReturnValue:
    """A new one."""
    form = _form()
    if not form.errors:
        try:
            with writing() as writable:
                team = create_team(writable, form["name"], area=form["area"], by=me())
            return redirect(url_for("product_teams.show", team_id=team.id), 303)
        except NameTaken:
            form.errors["name"] = gettext("Another team has this name.")
    return _index(form, 422)


@page.get("/product-teams/<int:team_id>")
@requires(Permission.TEAMS_READ)
def show(team_id: int) -> ResponseReturnValue:
    """One team with its members and trackers."""
    return _show(team_id)


@page.post("/product-teams/<int:team_id>")
@requires(Permission.TEAMS_MANAGE)
def update(team_id: int) -> ResponseReturnValue:
    """Another name or area."""
    form = _form()
    if not form.errors:
        try:
            with writing() as writable:
                rename_team(writable, _found(writable, team_id), form["name"], area=form["area"], by=me())
            tell(gettext("Saved."))
            return _back(team_id)
        except NameTaken:
            form.errors["name"] = gettext("Another team has this name.")
    return _show(team_id, form, 422)


@page.post("/product-teams/<int:team_id>/archiving")
@requires(Permission.TEAMS_MANAGE)
def create_archiving(team_id: int) -> ResponseReturnValue:
    """Nothing new goes there any more."""
    with writing() as writable:
        archive_team(writable, _found(writable, team_id), by=me())
    tell(gettext("Archived."), undo=url_for("product_teams.create_restoring", team_id=team_id))
    return redirect(url_for("product_teams.index"), 303)


@page.post("/product-teams/<int:team_id>/restoring")
@requires(Permission.TEAMS_MANAGE)
def create_restoring(team_id: int) -> ResponseReturnValue:
    """Take it up again."""
    with writing() as writable:
        restore_team(writable, _found(writable, team_id), by=me())
    return _back(team_id)


@page.post("/product-teams/<int:team_id>/members")
@requires(Permission.TEAMS_MANAGE)
def create_member(team_id: int) -> ResponseReturnValue:
    """Put the teammate `teammate` into the team."""
    return _membership(team_id, request.form.get("teammate", ""), add_member)


@page.post("/product-teams/<int:team_id>/members/<int:teammate_id>/removal")
@requires(Permission.TEAMS_MANAGE)
def create_removal(team_id: int, teammate_id: int) -> ResponseReturnValue:
    """Take a teammate out of it."""
    return _membership(team_id, str(teammate_id), remove_member)


def _membership(team_id: int, number: str, change: Callable[..., None]) -> ResponseReturnValue:
    with writing() as writable:
        team = _found(writable, team_id)
        change(writable, team, found(writable, Teammate, number), by=me())
    return _back(team_id)


def _index(form: Form, status: int = 200) -> Response:
    teams = browse_teams(reading(), archived=True, members=True)
    counts = count_by_team(reading())
    return render("product_teams/index.html", status=status, form=form, teams=teams, counts=counts)


def _show(team_id: int, form: Form | None = None, status: int = 200) -> Response:
    team = _found(reading(), team_id)
    inside = {teammate.id for teammate in team.members}
    others = reading().scalars(select(Teammate).where(Teammate.is_active).order_by(Teammate.name))
    return render(
        "product_teams/show.html",
        status=status,
        team=team,
        trackers=browse_trackers(reading(), team),
        kinds=tracker_kinds(),
        others=[teammate for teammate in others if teammate.id not in inside],
        open_ideas=count_by_team(reading()).get(team.id, 0),
        form=form or Form({"name": team.name, "area": team.area}),
    )


def _form() -> Form:
    form = Form(request.form)
    form.need("name", 200)
    return form


def _found(session: Session, team_id: int) -> ProductTeam:
    return find_team(session, team_id) or abort(404)


def _back(team_id: int) -> ResponseReturnValue:
    return redirect(url_for("product_teams.show", team_id=team_id), 303)
