"""Who else has a conversation open."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from inbox.conversations.viewers import leave, look_in, viewers
from inbox.pages.access import me, requires
from inbox.pages.rendering import render
from inbox.teams.permissions import Permission

page = Blueprint("viewers", __name__)


@page.post("/conversations/<int:conversation_id>/viewers")
@requires(Permission.CONVERSATIONS_READ)
def create(conversation_id: int) -> ResponseReturnValue:
    """Say that one looks (and types, or has gone); the answer names the others."""
    mine = me()
    if request.form.get("gone"):
        leave(conversation_id, mine)
    else:
        look_in(conversation_id, mine, typing=bool(request.form.get("typing")))
    others = viewers([conversation_id], but=mine.id).get(conversation_id, [])
    return render("conversations/_viewers.html", viewers=others, conversation_id=conversation_id)
