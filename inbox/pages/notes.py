"""Notes: what the team says to itself inside a conversation."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.conversations.draft import delete_draft
from inbox.conversations.note import EmptyText, note
from inbox.pages.access import me, requires
from inbox.pages.opened import back_to, find_or_404
from inbox.pages.telling import tell_refusal
from inbox.teams.permissions import Permission
from inbox.web import writing

page = Blueprint("notes", __name__)


@page.post("/conversations/<int:conversation_id>/notes")
@requires(Permission.CONVERSATIONS_WORK)
def create(conversation_id: int) -> ResponseReturnValue:
    """Add one. It never leaves the house."""
    try:
        with writing() as writable:
            conversation = find_or_404(writable, conversation_id)
            note(writable, conversation, text=request.form.get("text", ""), by=me())
            delete_draft(writable, conversation, by=me())
    except EmptyText as refusal:
        tell_refusal(gettext(str(refusal)))
    return back_to(conversation_id)
