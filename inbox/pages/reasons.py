"""Why a message has its tag: the words that spoke for and against each label, marked in its text and with their shares."""

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from inbox.conversations.find import find_message
from inbox.ideas.linked import linked
from inbox.pages.access import requires
from inbox.pages.panes import query_of, read_filters
from inbox.pages.reasoning import reasons_for
from inbox.pages.rendering import render, wants_fragment
from inbox.pages.shown_text import shown_text
from inbox.teams.permissions import Permission
from inbox.web import reading

page = Blueprint("reasons", __name__)


@page.get("/messages/<int:message_id>/reasons")
@requires(Permission.CONVERSATIONS_READ)
def show(message_id: int) -> ResponseReturnValue:
    """The panel for a script; whoever follows the link gets the conversation with it open."""
    message = find_message(reading(), message_id) or abort(404)
    if not wants_fragment():
        query = query_of(read_filters())
        here = url_for("conversations.show", conversation_id=message.conversation_id, why=message.id, **query)
        return redirect(f"{here}#why-{message.id}")
    reasons = reasons_for(reading(), message) or abort(404)
    sentences = [(link.start, link.end) for link in linked(reading(), [message.id])] if reasons.spoken else []
    marked = shown_text(message.text, sentences, reasons.spoken) if reasons.spoken else ""
    return render("conversations/_reasons.html", reasons=reasons, marked=marked)
