"""Settings of the workspace, tokens for programs, and how the machinery is doing."""

from zoneinfo import available_timezones

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from inbox.pages.access import me, requires
from inbox.pages.forms import Form
from inbox.pages.rendering import render
from inbox.pages.sender import find_sender
from inbox.pages.set_up import time_zones
from inbox.samples.remove import has_samples
from inbox.teams.models import ApiToken, Role, Workspace
from inbox.teams.permissions import Permission
from inbox.teams.tokens import create_token, revoke_token
from inbox.web import reading, writing

page = Blueprint("settings", __name__)


@page.get("/settings")
@requires(Permission.CONVERSATIONS_READ)
def index() -> ResponseReturnValue:
    """Everything an admin can choose."""
    return _index()


@page.post("/settings")
@requires(Permission.WORKSPACE_MANAGE)
def update() -> ResponseReturnValue:
    """Change the workspace."""
    form = Form(request.form)
    form.need("name", 200)
    form.need_choice("language", ("de", "en"))
    form.need_choice("time_zone", available_timezones())
    if form.errors:
        return _index(form, status=422)
    with writing() as writable:
        workspace = writable.get_one(Workspace, 1)
        workspace.name, workspace.language, workspace.time_zone = form["name"], form["language"], form["time_zone"]
    flash(gettext("Saved."), "done")
    return redirect(url_for("settings.index"))


@page.post("/settings/tokens")
@requires(Permission.WORKSPACE_MANAGE)
def add_token() -> ResponseReturnValue:
    """Make a token; it is shown once."""
    form = Form(request.form)
    form.need("token_name", 200)
    form.need_choice("token_role", list(Role))
    if form.errors:
        return _index(form, status=422)
    with writing() as writable:
        _, plain = create_token(writable, form["token_name"], Role(form["token_role"]), by=me())
    return _index(plain=plain)


@page.post("/settings/tokens/<int:token_id>/revocation")
@requires(Permission.WORKSPACE_MANAGE)
def revoke(token_id: int) -> ResponseReturnValue:
    """End a token."""
    with writing() as writable:
        revoke_token(writable, writable.get(ApiToken, token_id) or abort(404), by=me())
    return redirect(url_for("settings.index"))


def _index(form: Form | None = None, *, status: int = 200, plain: str = "") -> Response:
    workspace = reading().get_one(Workspace, 1)
    values = {"name": workspace.name, "language": workspace.language, "time_zone": workspace.time_zone}
    if form:
        form.values = {**values, **form.values}
    return render(
        "settings/index.html",
        status=status,
        form=form or Form(values),
        plain=plain,
        tokens=reading().scalars(select(ApiToken).where(ApiToken.revoked_at.is_(None)).order_by(ApiToken.name)).all(),
        roles=list(Role),
        time_zones=time_zones(),
        samples=has_samples(reading()),
        sender=find_sender(),
    )
