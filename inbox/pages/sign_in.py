"""Signing in and out, and choosing a password from an invitation."""

from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.pages.access import COOKIE_KEY, find_teammate, public, safe_next
from inbox.pages.forms import Form
from inbox.pages.rendering import render
from inbox.teams.invite import accept, find_invited
from inbox.teams.set_up import find_workspace
from inbox.teams.sign_in import check_password, sign_in, sign_out
from inbox.web import limiter, reading, writing

page = Blueprint("sign_in", __name__)


@page.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """The form; whoever is signed in goes on."""
    if find_workspace(reading()) is None:
        return redirect(url_for("set_up.show"))
    if find_teammate():
        return redirect(safe_next(request.args.get("next")))
    return _form(Form({}))


def _address() -> str:
    return f"sign-in {request.form.get('email', '').strip().lower()[:320]}"


@page.post("/sign-in")
@limiter.limit("10/minute;60/hour")
# One account may be tried from many addresses; only wrong passwords count.
@limiter.limit("100/hour", key_func=_address, deduct_when=lambda response: response.status_code == 422)
@public
def create() -> ResponseReturnValue:
    """Check the password and remember the browser."""
    form = Form(request.form)
    teammate = check_password(reading(), form["email"], form["password"])
    if teammate is None:
        form.errors["password"] = gettext("Address or password is not right.")
        return _form(form, 422)
    session.clear()
    with writing() as writable:
        session[COOKIE_KEY] = sign_in(writable, teammate, str(request.user_agent))
    session.permanent = True
    return redirect(safe_next(request.args.get("next")))


@page.post("/sign-out")
@public
def delete() -> ResponseReturnValue:
    """Forget this browser."""
    token = session.pop(COOKIE_KEY, None)
    if isinstance(token, str):
        with writing() as writable:
            sign_out(writable, token)
    return redirect(url_for("sign_in.show"))


@page.get("/invitations/<secret>")
@public
def invitation(secret: str) -> ResponseReturnValue:
    """The page behind an invitation's link."""
    invited = find_invited(reading(), secret)
    if invited is None:
        flash(gettext("This invitation has been used or is older than a week. Ask for a new one."), "error")
        return redirect(url_for("sign_in.show"))
    return render("sign_in/invitation.html", form=Form({"name": invited.name}), invited=invited, secret=secret)


@page.post("/invitations/<secret>")
@limiter.limit("10/minute")
@public
def join(secret: str) -> ResponseReturnValue:
    """Choose a name and password, and go in."""
    form = Form(request.form)
    with writing() as writable:
        invited = find_invited(writable, secret)
        if invited is None:
            return redirect(url_for("sign_in.invitation", secret=secret))
        form.need("name", 200)
        form.need_password("password")
        if form.errors:
            return render("sign_in/invitation.html", status=422, form=form, invited=invited, secret=secret)
        accept(writable, invited, name=form["name"], password=form["password"])
        session.clear()
        session[COOKIE_KEY] = sign_in(writable, invited, str(request.user_agent))
        session.permanent = True
    return redirect(url_for("conversations.index"))


def _form(form: Form, status: int = 200) -> Response:
    return render("sign_in/show.html", status=status, form=form, next=request.args.get("next", ""))
