"""Drafts: what is being written is kept on the server while it is written."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from inbox.conversations.draft import save_draft
from inbox.pages.access import me, requires
from inbox.pages.opened import back_to, find_or_404
from inbox.pages.rendering import wants_fragment
from inbox.teams.permissions import Permission
from inbox.web import writing

page = Blueprint("drafts", __name__)


@page.post("/conversations/<int:conversation_id>/drafts")
@requires(Permission.CONVERSATIONS_WORK)
def create(conversation_id: int) -> ResponseReturnValue:
    """Keep the text; empty text forgets the draft."""
    with writing() as writable:
        save_draft(writable, find_or_404(writable, conversation_id), request.form.get("text", ""), by=me())
    return ("", 204) if wants_fragment() else back_to(conversation_id)
