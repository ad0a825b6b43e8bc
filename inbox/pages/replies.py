"""Answers: sending one, taking it back while it has not left, and deciding about one that may have arrived."""

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from inbox.channels.abilities import abilities
from inbox.channels.measure import measure
from inbox.channels.undo_time import undo_seconds
from inbox.channels.validate import validate
from inbox.conversations.models import Conversation, Message
from inbox.conversations.refusal import Refusal
from inbox.conversations.reply import ConversationMovedOn, reply
from inbox.conversations.undo_reply import undo_reply
from inbox.moderation.refusal import ActRefused
from inbox.moderation.undo import undo
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.outbox.resolve import NothingToResolve, Resolution, resolve
from inbox.pages.access import me, requires
from inbox.pages.found import found
from inbox.pages.opened import back_to, find_or_404, show_conversation
from inbox.pages.telling import tell_refusal
from inbox.pages.translate import translate
from inbox.settlements.spread import spread
from inbox.teams.permissions import Permission
from inbox.web import house, writing

page = Blueprint("replies", __name__)


@page.post("/conversations/<int:conversation_id>/replies")
@requires(Permission.CONVERSATIONS_REPLY)
def create(conversation_id: int) -> ResponseReturnValue:
    """Send an answer; refused with its text kept when somebody wrote in the meantime."""
    text = request.form.get("text", "")
    refused: Refusal | None = None
    with writing() as writable:
        conversation = find_or_404(writable, conversation_id)
        try:
            _send(writable, conversation, text)
        except Refusal as refusal:
            refused = refusal
    if refused is None:
        return back_to(conversation_id)
    # Whoever sends again has then seen what is new: the page shows it, and carries the new version.
    seen = None if isinstance(refused, ConversationMovedOn) else _seen_version()
    return show_conversation(conversation_id, 409, text=text, refusal=translate(str(refused)), seen_version=seen)


@page.post("/deliveries/<int:delivery_id>/cancellation")
@requires(Permission.CONVERSATIONS_REPLY)
def create_cancellation(delivery_id: int) -> ResponseReturnValue:
    """Take back an answer or an act."""
    with writing() as writable:
        delivery, message = _find(writable, delivery_id)
        try:
            if delivery.kind == DeliveryKind.REPLY:
                undo_reply(writable, message, by=me())
            else:
                undo(writable, delivery, by=me(), capabilities=abilities(message.conversation.channel))
        except (Refusal, ActRefused) as refusal:
            tell_refusal(translate(str(refusal)))
    return back_to(message.conversation_id)


@page.post("/deliveries/<int:delivery_id>/resolution")
@requires(Permission.CONVERSATIONS_REPLY)
def create_resolution(delivery_id: int) -> ResponseReturnValue:
    """Say what became of it: it arrived, send it again, give up."""
    chosen = request.form.get("answer", "")
    if chosen not in set(Resolution):
        abort(422)
    with writing() as writable:
        delivery, message = _find(writable, delivery_id)
        try:
            spread(writable, resolve(writable, delivery, Resolution(chosen), by=me()))
        except NothingToResolve as refusal:
            tell_refusal(translate(str(refusal)))
    return back_to(message.conversation_id)


def _send(session: Session, conversation: Conversation, text: str) -> None:
    opened, channel = house(), conversation.channel
    reply(
        session,
        conversation,
        text=text,
        by=me(),
        seen_version=_seen_version(),
        undo_seconds=undo_seconds(channel, opened.settings),
        length=measure(channel, text.strip(), opened.database, opened.vault, opened.settings),
        limit_for=abilities(channel).limit_for,
        validate=lambda parcel: validate(channel, parcel, opened.database, opened.vault, opened.settings),
    )


def _seen_version() -> int:
    given = request.form.get("seen_version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else -1


def _find(session: Session, delivery_id: int) -> tuple[Delivery, Message]:
    delivery = found(session, Delivery, delivery_id)
    if delivery.subject_kind != "message" or delivery.kind not in (DeliveryKind.REPLY, DeliveryKind.ACT):
        abort(404)
    return delivery, found(session, Message, delivery.subject_id or 0)
