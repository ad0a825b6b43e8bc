"""Trackers of a product team: connecting a mailbox, webhook or repository, testing it, editing, switching it off."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox.connectors.contract import Account, ConnectorError, Setup
from inbox.pages.access import me, requires
from inbox.pages.found import row_id
from inbox.pages.rendering import render
from inbox.pages.setup_fields import draw_fields, kept_secrets, refused, seal, told
from inbox.pages.telling import tell
from inbox.setups import BadSetup, revealed
from inbox.teams.models import ProductTeam
from inbox.teams.permissions import Permission
from inbox.teams.product_teams import find_team
from inbox.trackers.browse import find_tracker
from inbox.trackers.check import check
from inbox.trackers.connect import connect, edit, kept_settings, read_setup, setup_of, switch, tracker_kinds
from inbox.trackers.models import Tracker
from inbox.web import house, reading, stop_reading, writing

page = Blueprint("trackers", __name__)


@page.get("/product-teams/<int:team_id>/trackers/new")
@requires(Permission.TEAMS_MANAGE)
def new(team_id: int) -> ResponseReturnValue:
    """The choice of kinds, or the form of one."""
    team, kind = _team(reading(), team_id), request.args.get("kind", "")
    if kind not in tracker_kinds():
        return render("trackers/kinds.html", team=team, kinds=tracker_kinds())
    return _form(team, kind, {})


@page.post("/product-teams/<int:team_id>/trackers")
@requires(Permission.TEAMS_MANAGE)
def create(team_id: int) -> ResponseReturnValue:
    """Connect it, when its settings are complete."""
    team, kind = _team(reading(), team_id), _kind()
    try:
        setup = _read(kind, None)
    except BadSetup as bad:
        return _form(team, kind, request.form, told(bad))
    with writing() as writable:
        # Two mailboxes of a team differ by their address, not by their kind.
        place = getattr(setup, "address", "") or getattr(setup, "repository", "") or gettext(tracker_kinds()[kind])
        name = request.form.get("name", "").strip() or place
        tracker = connect(writable, house().vault, _team(writable, team_id), kind, name, setup, by=me())
    tell(gettext("%(name)s is connected.", name=tracker.name))
    return redirect(url_for("product_teams.show", team_id=team_id), 303)


@page.post("/product-teams/<int:team_id>/trackers/checks")
@requires(Permission.TEAMS_MANAGE)
def create_check(team_id: int) -> ResponseReturnValue:
    """Test the connection: what is there. Nothing is saved."""
    team, kind, number = _team(reading(), team_id), _kind(), row_id(request.form.get("tracker_id"))
    tracker = _tracker(reading(), number) if number else None
    try:
        setup = _read(kind, tracker)
    except BadSetup as bad:
        return _form(team, kind, request.form, told(bad), tracker=tracker)
    # Neither a look at the database nor a write waits for a stranger.
    stop_reading()
    account, problem = _look(kind, setup)
    return _form(team, kind, request.form, tracker=tracker, account=account, problem=problem, setup=setup)


@page.get("/trackers/<int:tracker_id>")
@requires(Permission.TEAMS_MANAGE)
def show(tracker_id: int) -> ResponseReturnValue:
    """Its settings; secrets stay where they are."""
    tracker = _tracker(reading(), tracker_id)
    values = {**tracker.settings, "name": tracker.name}
    return _form(_team(reading(), tracker.product_team_id), tracker.kind, values, tracker=tracker)


@page.post("/trackers/<int:tracker_id>")
@requires(Permission.TEAMS_MANAGE)
def update(tracker_id: int) -> ResponseReturnValue:
    """Other settings."""
    tracker = _tracker(reading(), tracker_id)
    team = _team(reading(), tracker.product_team_id)
    try:
        setup = _read(tracker.kind, tracker)
    except BadSetup as bad:
        return _form(team, tracker.kind, request.form, told(bad), tracker=tracker)
    with writing() as writable:
        name = request.form.get("name", "")
        edit(writable, house().vault, _tracker(writable, tracker_id), name, setup, by=me())
    tell(gettext("Saved."))
    return redirect(url_for("product_teams.show", team_id=team.id), 303)


@page.post("/trackers/<int:tracker_id>/switch")
@requires(Permission.TEAMS_MANAGE)
def create_switch(tracker_id: int) -> ResponseReturnValue:
    """Use it (`on` = "yes") or leave it."""
    on = request.form.get("on") == "yes"
    with writing() as writable:
        tracker = _tracker(writable, tracker_id)
        switch(writable, tracker, on=on, by=me())
    words = gettext("%(name)s gets ideas again.", name=tracker.name)
    tell(
        words if on else gettext("%(name)s gets nothing new.", name=tracker.name),
        undo=request.path,
        fields={"on": "no" if on else "yes"},
    )
    return redirect(url_for("product_teams.show", team_id=tracker.product_team_id), 303)


def _form(
    team: ProductTeam,
    kind: str,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    *,
    tracker: Tracker | None = None,
    account: Account | None = None,
    problem: str = "",
    setup: Setup | None = None,
) -> Response:
    stored = kept_settings(house().vault, tracker) if tracker else {}
    return render(
        "trackers/show.html",
        status=422 if errors or problem else 200,
        team=team,
        kind=kind,
        label=tracker_kinds()[kind],
        fields=draw_fields(setup_of(kind), values, errors, kept=revealed(setup) if setup else stored),
        values=values,
        errors=errors or {},
        tracker=tracker,
        account=account,
        problem=problem,
        sealed=seal(setup) if setup else "",
    )


def _read(kind: str, tracker: Tracker | None) -> Setup:
    kept = kept_settings(house().vault, tracker) if tracker else {}
    return read_setup(kind, request.form, kept=kept_secrets(setup_of(kind), kept))


def _look(kind: str, setup: Setup) -> tuple[Account | None, str]:
    try:
        return check(kind, setup, allow_private_addresses=house().settings.allow_private_addresses), ""
    except ConnectorError as error:
        return None, refused(error)


def _kind() -> str:
    kind = request.form.get("kind", "")
    return kind if kind in tracker_kinds() else abort(404)


def _team(session: Session, team_id: int) -> ProductTeam:
    return find_team(session, team_id) or abort(404)


def _tracker(session: Session, tracker_id: int) -> Tracker:
    return find_tracker(session, tracker_id) or abort(404)
