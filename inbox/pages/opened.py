"""A conversation opened beside the list, for every page that shows it or comes back to it."""

from typing import Any

from flask import Response, abort, redirect, request, url_for
from sqlalchemy.orm import Session

from inbox.conversations.find import find_conversation, find_thread
from inbox.conversations.models import Conversation
from inbox.pages.panes import listed, opened, query_of, read_filters
from inbox.pages.rendering import render
from inbox.web import reading


def show_conversation(conversation_id: int, status: int = 200, **more: Any) -> Response:
    """The conversation; the page that refuses a form gives `status` and, in `more`, what panes.opened takes."""
    thread = find_thread(reading(), conversation_id) or abort(404)
    filters = read_filters()
    context = {"query": query_of(filters), **opened(thread, **more)}
    if request.headers.get("X-Fragment", "").startswith("thread"):
        return render("conversations/index.html", fragment="conversations/_open.html", status=status, **context)
    context.update(listed(filters))
    return render("conversations/index.html", fragment="conversations/_panes.html", status=status, **context)


def find_or_404(session: Session, conversation_id: int) -> Conversation:
    """The conversation, or the page that says that there is none."""
    return find_conversation(session, conversation_id) or abort(404)


def back_to(conversation_id: int) -> Response:
    """The conversation again, beside the list as it was filtered."""
    address = url_for("conversations.show", conversation_id=conversation_id, **query_of(read_filters()))
    return redirect(address, 303)  # type: ignore[return-value]
