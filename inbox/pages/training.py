"""The training round: a minute of questions, one message at a time, each answered with one key."""

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.models import Message
from inbox.conversations.undo_correct_tag import undo_correct_tag
from inbox.labels.correct import CannotCorrect
from inbox.labels.models import Correction
from inbox.labels.undo_correction import CannotUndo
from inbox.pages.access import me, requires
from inbox.pages.chosen_tags import chosen_tags
from inbox.pages.found import found, row_id
from inbox.pages.rendering import render
from inbox.pages.rounds import Round, Step, begin, end, find_round, skipped, step_back, step_on
from inbox.pages.telling import tell_refusal
from inbox.teams.permissions import Permission
from inbox.training.ask import ask
from inbox.training.browse import browse_these
from inbox.training.pick import pick
from inbox.web import reading, writing

page = Blueprint("training", __name__)


@page.get("/training")
@requires(Permission.CONVERSATIONS_WORK)
def index() -> ResponseReturnValue:
    """What a round is, and the way into it."""
    here = find_round()
    return render(
        "training/index.html", number=len(pick(reading(), without=skipped())), left=len(here.left) if here else 0
    )


@page.post("/training/round")
@requires(Permission.CONVERSATIONS_WORK)
def create_round() -> ResponseReturnValue:
    """Begin one with the messages that teach most today."""
    ids = pick(reading(), without=skipped())
    if not ids:
        return redirect(url_for("training.index"), 303)
    begin(ids)
    return _onward()


@page.get("/training/round")
@requires(Permission.CONVERSATIONS_WORK)
def show_round() -> ResponseReturnValue:
    """The message to be judged now; after the last one what the round has taught."""
    here = find_round()
    if here is None:
        return redirect(url_for("training.index"), 303)
    questions = ask(reading(), here.left)
    # What was deleted or judged by a colleague meanwhile is passed over.
    while here.left and (not questions or here.left[0] != questions[0].message_id):
        here = step_on(here, Step())
    if questions:
        return render("training/round.html", fragment=_part("training/_card.html"), round=here, question=questions[0])
    return _ended(here)


@page.post("/training/round/answers")
@requires(Permission.CONVERSATIONS_WORK)
def create_answer() -> ResponseReturnValue:
    """The tags of the message `message`. A second press on the same one changes nothing."""
    here = _asked()
    if here is None:
        return _onward()
    try:
        with writing() as writable:
            correction = correct_tag(writable, found(writable, Message, here.left[0]), chosen_tags(), by=me())
    except CannotCorrect as refusal:
        tell_refusal(gettext(str(refusal)))
    else:
        step_on(here, Step(correction.id, correction.after_primary) if correction else Step())
    return _onward()


@page.post("/training/round/skips")
@requires(Permission.CONVERSATIONS_WORK)
def create_skip() -> ResponseReturnValue:
    """No answer to `message`; it is not asked about again soon."""
    here = _asked()
    if here is not None:
        step_on(here, Step())
    return _onward()


@page.post("/training/round/return")
@requires(Permission.CONVERSATIONS_WORK)
def create_return() -> ResponseReturnValue:
    """Back to the message before; its answer is taken back."""
    here = find_round()
    if here is None or not here.steps:
        return _onward()
    number = here.steps[-1].correction_id
    try:
        with writing() as writable:
            correction = writable.get(Correction, number) if number else None
            if correction and correction.undone_at is None:
                undo_correct_tag(writable, correction, by=me())
    except CannotUndo as refusal:
        tell_refusal(gettext(str(refusal)))
    else:
        step_back(here)
    return _onward()


@page.post("/training/round/end")
@requires(Permission.CONVERSATIONS_WORK)
def create_end() -> ResponseReturnValue:
    """Enough for now."""
    here = find_round()
    return _onward() if here and end(here).answered else redirect(url_for("training.index"), 303)


def _asked() -> Round | None:
    """The round, when the form is about its present message; else the form is an old one."""
    here = find_round()
    if here is None or not here.left:
        return None
    return here if row_id(request.form.get("message")) == here.left[0] else None


def _ended(here: Round) -> Response:
    lines = browse_these(reading(), [step.correction_id for step in here.answered])
    more = len(pick(reading(), without=skipped()))
    return render("training/ended.html", fragment=_part("training/_ended.html"), round=here, lines=lines, more=more)


def _part(name: str) -> str | None:
    """The round alone, for whoever is in it; whoever comes from another page gets the page."""
    return name if request.headers.get("X-Fragment") == "round" else None


def _onward() -> ResponseReturnValue:
    return redirect(url_for("training.show_round"), 303)
