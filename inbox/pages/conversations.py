"""The inbox: the list with its filters in the address, one conversation, and what is done to it as a whole."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox.connectors.contract import N_
from inbox.conversations.assign import CannotAssign, assign
from inbox.conversations.close import close
from inbox.conversations.find import find_conversation, find_thread
from inbox.conversations.models import Conversation
from inbox.conversations.reopen import reopen
from inbox.conversations.snooze import CannotSnooze, snooze
from inbox.pages.access import me, requires, safe_next
from inbox.pages.panes import listed, moments, opened, query_of, read_filters
from inbox.pages.rendering import render, when
from inbox.pages.shown_text import shown_text
from inbox.pages.telling import tell, tell_refusal
from inbox.teams.models import Teammate
from inbox.teams.permissions import Permission
from inbox.web import reading, writing

page = Blueprint("conversations", __name__)
page.add_app_template_filter(shown_text, "shown_text")

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
    return render("conversations/index.html", fragment="conversations/_panes.html", **listed(read_filters()))


@page.get("/conversations/<int:conversation_id>")
@requires(Permission.CONVERSATIONS_READ)
def show(conversation_id: int) -> ResponseReturnValue:
    """One conversation beside the list."""
    return show_conversation(conversation_id)


def show_conversation(conversation_id: int, status: int = 200, **more: object) -> Response:
    """The same for the pages that answer a refused form; `more` goes to panes.opened."""
    thread = find_thread(reading(), conversation_id) or abort(404)
    filters = read_filters()
    context = {"query": query_of(filters), **opened(thread, **more)}  # type: ignore[arg-type]
    if request.headers.get("X-Fragment", "").startswith("thread"):
        return render("conversations/index.html", fragment="conversations/_open.html", status=status, **context)
    context.update(listed(filters))
    return render("conversations/index.html", fragment="conversations/_panes.html", status=status, **context)


@page.post("/conversations/<int:conversation_id>/assignment")
@requires(Permission.CONVERSATIONS_WORK)
def create_assignment(conversation_id: int) -> ResponseReturnValue:
    """Give it to the teammate `assignee`, or to nobody."""
    chosen = request.form.get("assignee", "")
    try:
        with writing() as writable:
            conversation = find_or_404(writable, conversation_id)
            before = conversation.assignee_id or ""
            assignee = writable.get(Teammate, int(chosen)) or abort(404) if chosen.isdecimal() else None
            assign(writable, conversation, assignee, by=me())
    except CannotAssign as refusal:
        tell_refusal(gettext(str(refusal)))
    else:
        words = gettext("Given to %(name)s.", name=assignee.name) if assignee else gettext("Nobody has this now.")
        tell(words, undo=request.path, fields={"assignee": before})
    return back_to(conversation_id)


@page.post("/conversations/<int:conversation_id>/closure")
@requires(Permission.CONVERSATIONS_WORK)
def create_closure(conversation_id: int) -> ResponseReturnValue:
    """Done; on to the next one."""
    with writing() as writable:
        close(writable, find_or_404(writable, conversation_id), by=me())
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
        tell_refusal(gettext(str(refusal)))
        return back_to(conversation_id)
    undo = url_for("conversations.create_reopening", conversation_id=conversation_id)
    tell(gettext("Put aside until %(moment)s.", moment=when(until, "short")), undo=undo)
    return redirect(safe_next(request.form.get("then")), 303)


def find_or_404(session: Session, conversation_id: int) -> Conversation:
    """The conversation, or the page that says that there is none."""
    return find_conversation(session, conversation_id) or abort(404)


def back_to(conversation_id: int) -> Response:
    """The conversation again, beside the list as it was filtered."""
    address = url_for("conversations.show", conversation_id=conversation_id, **query_of(read_filters()))
    return redirect(address, 303)  # type: ignore[return-value]


def _until(choice: str) -> datetime:
    offered = {moment.name: moment.at for moment in moments()}
    if choice in offered:
        return offered[choice]
    try:
        return datetime.fromisoformat(choice).replace(tzinfo=ZoneInfo(me().time_zone))
    except ValueError:
        raise CannotSnooze(NO_MOMENT) from None
