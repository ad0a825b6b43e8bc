"""The inbox: the list with its filters in the address, one conversation, and what is done to it as a whole."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.connectors.contract import N_
from inbox.conversations.assign import CannotAssign, assign
from inbox.conversations.close import WrittenMeanwhile, close
from inbox.conversations.reopen import reopen
from inbox.conversations.snooze import CannotSnooze, snooze
from inbox.pages.access import me, requires, safe_next
from inbox.pages.first_steps import first_steps
from inbox.pages.found import found, row_id
from inbox.pages.metric_words import metric_words
from inbox.pages.opened import back_to, find_or_404, show_conversation
from inbox.pages.panes import listed, moments, read_filters
from inbox.pages.rendering import render, when
from inbox.pages.shown_text import shown_text
from inbox.pages.telling import tell, tell_refusal
from inbox.pages.translate import translate
from inbox.teams.models import Teammate
from inbox.teams.permissions import Permission
from inbox.web import writing

page = Blueprint("conversations", __name__)
page.add_app_template_filter(shown_text, "shown_text")
page.add_app_template_filter(metric_words, "metric_words")

NO_MOMENT = N_("Choose a moment.")


@page.get("/")
@requires(Permission.CONVERSATIONS_READ)
def home() -> ResponseReturnValue:
    """The house begins with its inbox."""
    return redirect(url_for("conversations.index"))


@page.get("/conversations")
@requires(Permission.CONVERSATIONS_READ)
def index() -> ResponseReturnValue:
    """The list."""
    shown = {**listed(read_filters()), "first_steps": first_steps()}
    return render("conversations/index.html", fragment="conversations/_panes.html", **shown)


@page.get("/conversations/<int:conversation_id>")
@requires(Permission.CONVERSATIONS_READ)
def show(conversation_id: int) -> ResponseReturnValue:
    """One conversation beside the list."""
    return show_conversation(conversation_id)


@page.post("/conversations/<int:conversation_id>/assignment")
@requires(Permission.CONVERSATIONS_WORK)
def create_assignment(conversation_id: int) -> ResponseReturnValue:
    """Give it to the teammate `assignee`, or to nobody."""
    chosen = request.form.get("assignee", "")
    try:
        with writing() as writable:
            conversation = find_or_404(writable, conversation_id)
            before = conversation.assignee_id or ""
            assignee = found(writable, Teammate, chosen) if chosen else None
            assign(writable, conversation, assignee, by=me())
    except CannotAssign as refusal:
        tell_refusal(translate(str(refusal)))
    else:
        words = gettext("Given to %(name)s.", name=assignee.name) if assignee else gettext("Nobody has this now.")
        tell(words, undo=request.path, fields={"assignee": before})
    return back_to(conversation_id)


@page.post("/conversations/<int:conversation_id>/closure")
@requires(Permission.CONVERSATIONS_WORK)
def create_closure(conversation_id: int) -> ResponseReturnValue:
    """Done; on to the next one, unless somebody has written after the message `seen`."""
    try:
        with writing() as writable:
            seen = row_id(request.form.get("seen"))
            close(writable, find_or_404(writable, conversation_id), by=me(), seen=seen)
    except WrittenMeanwhile as refusal:
        tell_refusal(translate(str(refusal)))
        return back_to(conversation_id)
    tell(gettext("Done."), undo=url_for("conversations.create_reopening", conversation_id=conversation_id))
    return redirect(safe_next(request.form.get("then")), 303)


@page.post("/conversations/<int:conversation_id>/reopening")
@requires(Permission.CONVERSATIONS_WORK)
def create_reopening(conversation_id: int) -> ResponseReturnValue:
    """Take it up again."""
    with writing() as writable:
        reopen(writable, find_or_404(writable, conversation_id), by=me())
    return back_to(conversation_id)


@page.post("/conversations/<int:conversation_id>/snooze")
@requires(Permission.CONVERSATIONS_WORK)
def create_snooze(conversation_id: int) -> ResponseReturnValue:
    """Put it aside until one of the offered moments, or one of one's own."""
    try:
        with writing() as writable:
            until = _until(request.form.get("until", ""))
            snooze(writable, find_or_404(writable, conversation_id), until, by=me())
    except CannotSnooze as refusal:
        tell_refusal(translate(str(refusal)))
        return back_to(conversation_id)
    undo = url_for("conversations.create_reopening", conversation_id=conversation_id)
    tell(gettext("Put aside until %(moment)s.", moment=when(until, "short")), undo=undo)
    return redirect(safe_next(request.form.get("then")), 303)


def _until(choice: str) -> datetime:
    offered = {moment.name: moment.at for moment in moments()}
    if choice in offered:
        return offered[choice]
    try:
        return datetime.fromisoformat(choice).replace(tzinfo=ZoneInfo(me().time_zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CannotSnooze(NO_MOMENT) from None
