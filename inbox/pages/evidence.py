"""Making an idea of what somebody wrote, or adding it to one that is there, and taking that back."""

import re
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox.conversations.models import Message
from inbox.ideas.find import find_idea
from inbox.ideas.models import Evidence
from inbox.ideas.promote import TITLE_LIMIT, promote, quote
from inbox.ideas.refusal import IdeaRefused
from inbox.ideas.suggest import suggest
from inbox.ideas.withdraw import withdraw
from inbox.pages.access import me, requires, safe_next
from inbox.pages.forms import Form
from inbox.pages.found import found, row_id
from inbox.pages.rendering import render
from inbox.pages.telling import tell, tell_refusal
from inbox.teams.permissions import Permission
from inbox.text import one_line
from inbox.web import reading, writing

page = Blueprint("evidence", __name__)
ALIKE = 6


@page.get("/ideas/new")
@requires(Permission.IDEAS_PROMOTE)
def new() -> ResponseReturnValue:
    """The form for characters `start` to `end` of `message`, with ideas that ask for much the same."""
    form = Form(request.args)
    message = _message(reading(), form)
    form.values["then"] = _came_from(message)
    return _form(message, form)


@page.post("/ideas")
@requires(Permission.IDEAS_PROMOTE)
def create() -> ResponseReturnValue:
    """Attach the words to the idea `idea`, or make a new one named `title`."""
    form = Form(request.form)
    message = _message(reading(), form)
    if not form["idea"]:
        form.need("title", TITLE_LIMIT)
    if form.errors:
        return _form(message, form, 422)
    try:
        with writing() as writable:
            number = row_id(form["idea"])
            chosen = find_idea(writable, number) or abort(404) if number else None
            again = _message(writable, form)
            evidence = promote(writable, again, *_span(form), title=form["title"], idea=chosen, by=me())
            title = evidence.idea.title
    except IdeaRefused as refusal:
        form.errors["title"] = gettext(str(refusal))
        return _form(message, form, 422)
    words = (
        gettext("Added to “%(title)s”.", title=title) if chosen else gettext("“%(title)s” is an idea now.", title=title)
    )
    tell(words, undo=url_for("evidence.create_withdrawal", evidence_id=evidence.id))
    return redirect(safe_next(form["then"] or _conversation(message)), 303)


@page.post("/evidence/<int:evidence_id>/withdrawal")
@requires(Permission.IDEAS_PROMOTE)
def create_withdrawal(evidence_id: int) -> ResponseReturnValue:
    """Take the quote off its idea again."""
    with writing() as writable:
        evidence = writable.get(Evidence, evidence_id)
        if evidence is None:
            tell_refusal(gettext("This quote was removed already."))
            return redirect(safe_next(request.form.get("then") or url_for("ideas.index")), 303)
        idea_id, message = evidence.idea_id, evidence.message
        stays = withdraw(writable, evidence, by=me())
    tell(gettext("The quote is removed.") if stays else gettext("The idea is gone again."))
    then = request.form.get("then") or (url_for("ideas.show", idea_id=idea_id) if stays else _conversation(message))
    return redirect(safe_next(then), 303)


def _form(message: Message, form: Form, status: int = 200) -> Response:
    try:
        span = quote(message, *_span(form))
    except IdeaRefused as refusal:
        form.errors["words"], span = gettext(str(refusal)), None
    title = form["title"]
    alike = suggest(reading(), f"{title} {span.words if span else ''}", limit=ALIKE)
    if request.headers.get("X-Fragment") == "alike":
        return render("ideas/new.html", fragment="ideas/_alike.html", status=status, alike=alike)
    form.values["title"] = title or (_first_sentence(span.words) if span else "")
    fragment = "ideas/_dialog.html" if request.headers.get("X-Fragment") == "dialog" else "ideas/_promote.html"
    return render(
        "ideas/new.html", fragment=fragment, status=status, form=form, span=span, message=message, alike=alike
    )


def _first_sentence(words: str) -> str:
    return one_line(re.split(r"(?<=[.!?])\s", words, maxsplit=1)[0], 80)


def _message(session: Session, form: Form) -> Message:
    return found(session, Message, form["message"])


def _span(form: Form) -> tuple[int, int]:
    start, end = (form[name] or "0" for name in ("start", "end"))
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in (start, end)):
        abort(422)
    return int(start), int(end)


def _conversation(message: Message) -> str:
    return url_for("conversations.show", conversation_id=message.conversation_id)


def _came_from(message: Message) -> str:
    """The conversation as it was filtered, when the browser says that it came from there."""
    came = urlsplit(request.referrer or "")
    if came.netloc == request.host and came.path == _conversation(message):
        return came.path + (f"?{came.query}" if came.query else "")
    return _conversation(message)
