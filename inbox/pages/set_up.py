"""The first page of a new installation: who is the admin, which language, which time zone."""

from zoneinfo import available_timezones

from flask import Blueprint, Response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from inbox.pages.access import COOKIE_KEY, public
from inbox.pages.forms import Form
from inbox.pages.rendering import render
from inbox.teams.set_up import AlreadySetUp, find_workspace, set_up
from inbox.teams.sign_in import sign_in
from inbox.web import limiter, reading, writing

page = Blueprint("set_up", __name__)


@page.get("/set-up")
@public
def show() -> ResponseReturnValue:
    """The form, until it has been sent once."""
    if find_workspace(reading()):
        return redirect(url_for("conversations.index"))
    return _form(Form({"language": str(get_locale() or "en"), "time_zone": "Europe/Berlin"}))


@page.post("/set-up")
@limiter.limit("10/minute")
@public
def create() -> ResponseReturnValue:
    """Make workspace and admin, and sign the admin in."""
    form = read_person(Form(request.form))
    form.need("workspace", 200)
    if form.errors:
        return _form(form, 422)
    try:
        with writing() as writable:
            admin = set_up(writable, **{name: form[name] for name in _FIELDS})
            session[COOKIE_KEY] = sign_in(writable, admin, str(request.user_agent))
            session.permanent = True
    except AlreadySetUp:
        return redirect(url_for("sign_in.show"))
    return redirect(url_for("conversations.index"))


_FIELDS = ("workspace", "name", "email", "password", "language", "time_zone")


def read_person(form: Form) -> Form:
    """Check the fields by which a person introduces themselves."""
    form.need("name", 200)
    form.need_email("email")
    form.need_choice("language", ("de", "en"))
    form.need_choice("time_zone", available_timezones())
    form.need_password("password")
    return form


def time_zones() -> list[str]:
    """Time zones people choose from, the common part of the list."""
    cities = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix", "right")))
    return [*sorted(cities), "UTC"]


def _form(form: Form, status: int = 200) -> Response:
    return render("set_up/show.html", status=status, form=form, time_zones=time_zones())
