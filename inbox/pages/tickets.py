"""Tickets: pushing an idea to one more tracker, trying again, and saying whether one arrived."""

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.ideas.find import find_idea
from inbox.ideas.refusal import IdeaRefused
from inbox.outbox.resolve import NothingToResolve, Resolution, resolve
from inbox.pages.access import me, requires
from inbox.pages.telling import tell, tell_refusal
from inbox.settlements.spread import spread
from inbox.teams.permissions import Permission
from inbox.tickets.models import Ticket
from inbox.tickets.push import push
from inbox.trackers.browse import find_tracker
from inbox.web import writing

page = Blueprint("tickets", __name__)


@page.post("/ideas/<int:idea_id>/tickets/<int:tracker_id>")
@requires(Permission.IDEAS_DECIDE)
def create(idea_id: int, tracker_id: int) -> ResponseReturnValue:
    """Push the idea to this tracker; one that failed is tried again."""
    try:
        with writing() as writable:
            idea, tracker = find_idea(writable, idea_id) or abort(404), find_tracker(writable, tracker_id) or abort(404)
            push(writable, idea, tracker, by=me())
    except IdeaRefused as refusal:
        tell_refusal(gettext(str(refusal)))
    else:
        tell(gettext("On its way to %(name)s.", name=tracker.name))
    return redirect(url_for("ideas.show", idea_id=idea_id), 303)


@page.post("/tickets/<int:ticket_id>/resolution")
@requires(Permission.IDEAS_DECIDE)
def create_resolution(ticket_id: int) -> ResponseReturnValue:
    """A person says what became of a delivery that nobody is sure about: `answer` is arrived, again or give_up."""
    answer = request.form.get("answer", "")
    if answer not in set(Resolution):
        abort(422)
    with writing() as writable:
        ticket = writable.get(Ticket, ticket_id) or abort(404)
        delivery = ticket.delivery or abort(404)
        try:
            spread(writable, resolve(writable, delivery, Resolution(answer), by=me()))
        except NothingToResolve:
            tell_refusal(gettext("This has been settled already."))
    return redirect(url_for("ideas.show", idea_id=ticket.idea_id), 303)
