"""Tags: a person says better than the classifier, and takes it back."""

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.channels.models import Channel
from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.models import Direction, Message
from inbox.conversations.undo_correct_tag import undo_correct_tag
from inbox.labels.correct import CannotCorrect
from inbox.labels.models import Correction
from inbox.labels.undo_correction import CannotUndo
from inbox.pages.access import me, requires, safe_next
from inbox.pages.chosen_tags import chosen_tags
from inbox.pages.found import found
from inbox.pages.opened import back_to
from inbox.pages.telling import tell, tell_refusal
from inbox.teams.permissions import Permission
from inbox.training.teachable import may_teach
from inbox.web import writing

page = Blueprint("tags", __name__)


@page.post("/messages/<int:message_id>/tag")
@requires(Permission.CONVERSATIONS_WORK)
def create(message_id: int) -> ResponseReturnValue:
    """Give the message the tag `tag` and those ticked as `also`; it is kept as a correction and improves the model."""
    correction: Correction | None = None
    with writing() as writable:
        message = found(writable, Message, message_id)
        teaches = may_teach(writable.get_one(Channel, message.channel_id))
        if message.direction != Direction.IN:
            abort(404)
        try:
            correction = correct_tag(writable, message, chosen_tags(), by=me())
        except CannotCorrect as refusal:
            tell_refusal(gettext(str(refusal)))
    if correction:
        unchanged = correction.after.split() == correction.before.split()
        words = gettext("Learned.") if teaches else gettext("Confirmed.") if unchanged else gettext("Corrected.")
        tell(words, undo=url_for("tags.create_withdrawal", correction_id=correction.id))
    return back_to(message.conversation_id)


@page.post("/corrections/<int:correction_id>/withdrawal")
@requires(Permission.CONVERSATIONS_WORK)
def create_withdrawal(correction_id: int) -> ResponseReturnValue:
    """The tag was right before. Back to the page `then`, else to the message's conversation."""
    with writing() as writable:
        correction = found(writable, Correction, correction_id)
        message = found(writable, Message, correction.message_id)
        try:
            undo_correct_tag(writable, correction, by=me())
        except CannotUndo as refusal:
            tell_refusal(gettext(str(refusal)))
    then = request.form.get("then")
    return redirect(safe_next(then), 303) if then else back_to(message.conversation_id)
