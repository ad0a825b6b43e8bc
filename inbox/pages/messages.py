"""One message: what is done about it at its source, and how its sender had laid it out."""

from datetime import datetime, timedelta

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from inbox.channels.abilities import abilities
from inbox.channels.undo_time import undo_seconds
from inbox.clock import now
from inbox.connectors.contract import ActName
from inbox.conversations.find import find_message
from inbox.moderation.act import act
from inbox.moderation.refusal import ActRefused
from inbox.pages.access import me, requires
from inbox.pages.opened import back_to
from inbox.pages.rendering import render
from inbox.pages.telling import tell, tell_refusal
from inbox.pages.translate import translate
from inbox.teams.permissions import Permission
from inbox.text import clean_html
from inbox.web import house, reading, writing

page = Blueprint("messages", __name__)
LONGEST_DAYS = 3_650

# The layout of a stranger is shown on a page of its own that can do nothing; pictures only when asked for.
CALM_POLICY = "default-src 'none'; style-src 'self'; img-src {images}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"


@page.post("/messages/<int:message_id>/acts")
@requires(Permission.MODERATION_ACT)
def create_act(message_id: int) -> ResponseReturnValue:
    """Hide, delete, mute, block … at the source, with a reason; `ban_days` say for how long, without them for ever."""
    name, reason = request.form.get("act", ""), request.form.get("reason", "")
    if name not in set(ActName):
        abort(422)
    with writing() as writable:
        message = find_message(writable, message_id) or abort(404)
        try:
            channel = message.conversation.channel
            done = act(
                writable,
                message,
                ActName(name),
                reason=reason,
                by=me(),
                capabilities=abilities(channel),
                undo_seconds=undo_seconds(channel, house().settings),
                until=_until(name),
            )
        except ActRefused as refusal:
            tell_refusal(translate(str(refusal)))
        else:
            tell(
                gettext("Passed on to the platform."), undo=url_for("replies.create_cancellation", delivery_id=done.id)
            )
    return back_to(message.conversation_id)


@page.get("/messages/<int:message_id>/formatted")
@requires(Permission.CONVERSATIONS_READ)
def show_formatted(message_id: int) -> ResponseReturnValue:
    """The message as laid out by its sender, cleaned; remote pictures only with `?images=yes`."""
    message = find_message(reading(), message_id) or abort(404)
    if not message.html or message.deleted_at:
        abort(404)
    images = request.args.get("images") == "yes"
    markup = Markup(clean_html(message.html, images=images))  # noqa: S704 (clean_html is what makes it safe)
    response = render("conversations/formatted.html", message=message, markup=markup, images=images)
    response.headers["Content-Security-Policy"] = CALM_POLICY.format(
        images="'self' https: http:" if images else "'self'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _until(name: str) -> datetime | None:
    # Each act that can end has a choice of its own, in one form.
    days = request.form.get(f"{name}_days", "")
    return now() + timedelta(days=int(days)) if days.isdecimal() and 0 < int(days) <= LONGEST_DAYS else None
