"""Models: which one tags and how good it is, training anew, going back to an earlier one, and who contradicts the others."""

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.pages.access import me, requires
from inbox.pages.found import found
from inbox.pages.rendering import render
from inbox.pages.telling import tell, tell_refusal
from inbox.teams.permissions import Permission
from inbox.training.browse_models import browse_models, contradicting
from inbox.training.decide import decide
from inbox.training.held_out import held_out
from inbox.training.models import Contradiction, Decision, Model
from inbox.training.roll_back import CannotRollBack, roll_back
from inbox.training.train_now import train_now
from inbox.web import reading, writing

page = Blueprint("models", __name__)


@page.get("/settings/models")
@requires(Permission.CONVERSATIONS_READ)
def index() -> ResponseReturnValue:
    """The model that serves, what is in training, and all others."""
    part = "models/_models.html" if request.headers.get("X-Fragment") == "models" else None
    session = reading()
    return render(
        "models/index.html",
        fragment=part,
        models=browse_models(session),
        people=contradicting(session),
        held_out=held_out(session),
    )


@page.post("/settings/models")
@requires(Permission.WORKSPACE_MANAGE)
def create() -> ResponseReturnValue:
    """Train one from the corrections, now."""
    with writing() as writable:
        train_now(writable, by=me())
    return _back()


@page.post("/settings/models/<int:model_id>/service")
@requires(Permission.WORKSPACE_MANAGE)
def create_service(model_id: int) -> ResponseReturnValue:
    """Let this former model serve again."""
    try:
        with writing() as writable:
            before = roll_back(writable, found(writable, Model, model_id), by=me())
    except CannotRollBack as refusal:
        tell_refusal(gettext(str(refusal)))
    else:
        undo = url_for("models.create_service", model_id=before.id) if before else ""
        tell(gettext("This model serves now. What waits is sorted again."), undo=undo)
    return _back()


@page.post("/settings/models/teammates/<int:teammate_id>/decision")
@requires(Permission.WORKSPACE_MANAGE)
def create_decision(teammate_id: int) -> ResponseReturnValue:
    """Use the corrections of this teammate all the same, or leave them out; an empty `decision` leaves it open again."""
    given = request.form.get("decision", "")
    if given and given not in set(Decision):
        abort(422)
    with writing() as writable:
        row = found(writable, Contradiction, teammate_id)
        before = row.decision or ""
        decide(writable, row, Decision(given) if given else None, by=me())
    tell(gettext("Kept for the next training."), undo=request.path, fields={"decision": before})
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("models.index"), 303)
