"""Teammates: who is inside, inviting colleagues, changing roles."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from inbox.pages.access import me, requires
from inbox.pages.forms import Form
from inbox.pages.rendering import render
from inbox.teams.change_role import LastAdmin, change_role
from inbox.teams.invite import AlreadyHere, invite
from inbox.teams.models import Role, Teammate
from inbox.teams.permissions import Permission
from inbox.teams.tokens import PROGRAMS
from inbox.web import house, reading, writing

page = Blueprint("teammates", __name__)


@page.get("/teammates")
@requires(Permission.TEAMS_READ)
def index() -> ResponseReturnValue:
    """Everybody inside."""
    return _list(Form({"role": Role.MANAGER}))


@page.post("/teammates")
@requires(Permission.TEAMS_MANAGE)
def create() -> ResponseReturnValue:
    """Invite a colleague; the page then shows the link to pass on."""
    form = Form(request.form)
    form.need_email("email")
    form.need_choice("role", list(Role))
    if form.errors:
        return _list(form, 422)
    mine = me()
    try:
        with writing() as writable:
            invited, secret = invite(
                writable,
                email=form["email"],
                name=form["name"],
                role=Role(form["role"]),
                language=mine.language,
                time_zone=mine.time_zone,
                by=mine,
            )
    except AlreadyHere:
        form.errors["email"] = gettext("This person is already here.")
        return _list(form, 422)
    link = house().settings.base_url + url_for("sign_in.invitation", secret=secret)
    return _list(Form({"role": Role.MANAGER}), invited=invited.name, link=link)


@page.post("/teammates/<int:teammate_id>/role")
@requires(Permission.TEAMS_MANAGE)
def role(teammate_id: int) -> ResponseReturnValue:
    """Give another role, or close the account ("none")."""
    form = Form(request.form)
    form.need_choice("role", [*Role, "none"])
    if form.errors:
        abort(422)
    try:
        with writing() as writable:
            teammate = writable.get(Teammate, teammate_id) or abort(404)
            change_role(writable, teammate, None if form["role"] == "none" else Role(form["role"]), by=me())
    except LastAdmin:
        flash(gettext("Somebody has to stay admin."), "error")
    return redirect(url_for("teammates.index"))


def _list(form: Form, status: int = 200, **more: str) -> ResponseReturnValue:
    people = select(Teammate).where(~Teammate.email.endswith(f"@{PROGRAMS}"))
    teammates = reading().scalars(people.order_by(Teammate.is_active.desc(), Teammate.name)).all()
    return render("teammates/index.html", status=status, form=form, teammates=teammates, roles=list(Role), **more)
