"""Sample data: in with one click, out with one click."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.pages.access import me, requires
from inbox.samples.load import load_samples
from inbox.samples.remove import remove_samples
from inbox.teams.permissions import Permission
from inbox.web import writing

page = Blueprint("samples", __name__)


@page.post("/samples")
@requires(Permission.WORKSPACE_MANAGE)
def create() -> ResponseReturnValue:
    """Fill the inbox with an invented company's mail."""
    with writing() as writable:
        loaded = load_samples(writable, by=me())
    if loaded:
        flash(gettext("Sample data is in. It counts nowhere and can be removed at any time."), "done")
    return redirect(url_for("conversations.index"))


@page.post("/samples/removal")
@requires(Permission.WORKSPACE_MANAGE)
def delete() -> ResponseReturnValue:
    """Take it away again."""
    with writing() as writable:
        removed = remove_samples(writable, by=me())
    if removed:
        flash(gettext("The sample data is gone."), "done")
    return redirect(url_for("conversations.index"))
