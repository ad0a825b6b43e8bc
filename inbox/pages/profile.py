"""One's own profile: name, language, time zone, password."""

from zoneinfo import available_timezones

from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.pages.access import COOKIE_KEY, me, requires
from inbox.pages.forms import Form
from inbox.pages.rendering import render
from inbox.pages.set_up import time_zones
from inbox.teams.change_password import change_password
from inbox.teams.models import Teammate
from inbox.teams.permissions import Permission
from inbox.teams.sign_in import check_password, hash_password
from inbox.web import limiter, reading, writing

page = Blueprint("profile", __name__)


@page.get("/profile")
@requires(Permission.CONVERSATIONS_READ)
def show() -> ResponseReturnValue:
    """The form."""
    return _form(Form(_values()))


@page.post("/profile")
@requires(Permission.CONVERSATIONS_READ)
def update() -> ResponseReturnValue:
    """Another name, language or time zone."""
    form = Form(request.form)
    form.need("name", 200)
    form.need_choice("language", ("de", "en"))
    form.need_choice("time_zone", available_timezones())
    if form.errors:
        return _form(form, 422)
    with writing() as writable:
        mine = writable.get_one(Teammate, me().id)
        mine.name, mine.language, mine.time_zone = form["name"], form["language"], form["time_zone"]
    flash(gettext("Saved."), "done")
    return redirect(url_for("profile.show"))


@page.post("/profile/password")
@limiter.limit("10/minute")
@requires(Permission.CONVERSATIONS_READ)
def create_password() -> ResponseReturnValue:
    """Another password, for whoever knows the present one; other browsers are signed out."""
    form = Form({**_values(), **request.form})
    form.need_password("password_new")
    if check_password(reading(), me().email, form["password"]) is None:
        form.errors["password"] = gettext("That is not the present password.")
    if form.errors:
        return _form(form, 422)
    fresh = hash_password(form["password_new"])
    with writing() as writable:
        mine = writable.get_one(Teammate, me().id)
        change_password(writable, mine, fresh, kept_token=session[COOKIE_KEY])
    flash(gettext("The new password is in force. Other browsers were signed out."), "done")
    return redirect(url_for("profile.show"))


def _values() -> dict[str, str]:
    mine = me()
    return {"name": mine.name, "language": mine.language, "time_zone": mine.time_zone}


def _form(form: Form, status: int = 200) -> Response:
    return render("profile/show.html", status=status, form=form, time_zones=time_zones())
