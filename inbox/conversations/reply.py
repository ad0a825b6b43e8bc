"""Answers a conversation through the outbox, unless somebody else did so, or wrote, since its author last looked."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from secrets import token_hex

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from inbox.activity.record import record
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import N_, OutgoingReply, Refused
from inbox.conversations.draft import delete_draft, save_draft
from inbox.conversations.hold import hold
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.refusal import Refusal
from inbox.conversations.waiting import wait_no_longer
from inbox.live import publish
from inbox.outbox.models import DeliveryKind
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.teams.models import Teammate
from inbox.text import storable

LONGEST = 100_000
SHOWN_NEWS = 20


class CannotReply(Refusal):
    """The text or the conversation does not allow an answer; the message says why and what to do."""


class ConversationMovedOn(Refusal):
    """Somebody wrote or answered since; the text has been kept as a draft.

    `newer` holds what came, oldest first, `version` how the conversation stands.
    """

    def __init__(self, newer: Sequence[Message], version: int) -> None:
        super().__init__(
            N_("Somebody has written here since you looked. Your text is kept: read what is new, then send again.")
        )
        self.newer = newer
        self.version = version


def reply(
    session: Session,
    conversation: Conversation,
    *,
    text: str,
    by: Teammate,
    seen_version: int,
    undo_seconds: int,
    length: int = 0,
    limit_for: Callable[[str], int] | None = None,
    parent: Message | None = None,
    validate: Callable[[OutgoingReply], None] | None = None,
) -> Message:
    """Store the answer and queue its delivery, which leaves after `undo_seconds`.

    `seen_version` is the conversation's version that the author had before their eyes. `length` is the text's length as
    the channel counts it and `limit_for` what it allows, by the visibility of what is answered (0: any). `parent` is the
    message answered, by default the newest from outside. `validate` raises Refused for what the platform would refuse
    later, while it can still be mended. Raises CannotReply, or ConversationMovedOn: catch that one inside the
    transaction, so that the draft it has kept is committed.
    """
    text = storable(text, LONGEST).strip()
    if not text:
        raise CannotReply(N_("The answer is empty; write something first."))
    # Two who send in the same moment meet here: the second one waits, and then sees the first one's version.
    hold(session, conversation)
    if conversation.version != seen_version:
        save_draft(session, conversation, text, by=by)
        raise ConversationMovedOn(_newer(session, conversation, seen_version), conversation.version)
    answered = parent or _newest_from_outside(session, conversation)
    if answered is None or answered.conversation_id != conversation.id:
        raise CannotReply(N_("There is no message left here that could be answered at its source."))
    limit = limit_for(answered.visibility) if limit_for else 0
    if limit and length > limit:
        gaps = {"length": length, "limit": limit}
        raise CannotReply(N_("The answer is too long for this channel: %(length)s of %(limit)s; shorten it.", **gaps))
    parcel = _parcel(conversation, text, answered, by)
    if validate is not None:
        try:
            validate(parcel)
        except Refused as refused:
            raise CannotReply(refused.sentence) from refused
    message = _store(session, conversation, parcel, answered, by)
    _deliver(session, conversation, message, parcel, by, undo_seconds)
    conversation.message_count += 1
    conversation.version += 1
    conversation.last_message_at = max(conversation.last_message_at, message.posted_at)
    waited = wait_no_longer(conversation)
    delete_draft(session, conversation, by=by)
    session.flush()
    record(
        session,
        "conversation.replied",
        "conversation",
        conversation.id,
        by=by,
        message=message.id,
        delivery=message.delivery_id,
        waiting_since=waited,
    )
    publish(session, "conversations", conversation.id, message=message.id, answered=True)
    return message


def _newest_from_outside(session: Session, conversation: Conversation) -> Message | None:
    # An auto-reply is answered only when there is nothing else; a deleted message cannot be.
    return session.scalar(
        sa.select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == Direction.IN,
            Message.deleted_at.is_(None),
            Message.external_id.is_not(None),
        )
        .order_by(Message.is_automatic, Message.posted_at.desc(), Message.id.desc())
        .limit(1)
        .options(joinedload(Message.identity))
    )


def _newer(session: Session, conversation: Conversation, seen_version: int) -> Sequence[Message]:
    number = min(max(conversation.version - seen_version, 1), SHOWN_NEWS)
    newest = session.scalars(
        sa.select(Message)
        .where(Message.conversation_id == conversation.id)
        .order_by(Message.id.desc())
        .limit(number)
        .options(joinedload(Message.identity), joinedload(Message.teammate))
    ).all()
    return newest[::-1]


def _parcel(conversation: Conversation, text: str, answered: Message, by: Teammate) -> OutgoingReply:
    return OutgoingReply(
        # Platforms and mailboxes remember keys for longer than a database may live, so a part of it is never repeated.
        key=f"reply-{conversation.id}-{conversation.version}-{token_hex(8)}",
        text=text,
        thread_id=conversation.external_id,
        parent_id=answered.external_id or "",
        parent_handle=answered.reply_handle,
        author_name=by.name,
        subject=conversation.subject,
        language=answered.language,
        created_at=now(),
    )


def _store(
    session: Session, conversation: Conversation, parcel: OutgoingReply, answered: Message, by: Teammate
) -> Message:
    message = Message(
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        direction=Direction.OUT,
        teammate_id=by.id,
        parent_external_id=parcel.parent_id,
        text=parcel.text,
        language=answered.language,
        visibility=answered.visibility,
        posted_at=parcel.created_at,
    )
    session.add(message)
    session.flush()
    return message


def _deliver(
    session: Session,
    conversation: Conversation,
    message: Message,
    parcel: OutgoingReply,
    by: Teammate,
    undo_seconds: int,
) -> None:
    delivery = queue_delivery(
        session,
        key=parcel.key,
        kind=DeliveryKind.REPLY,
        payload=payload_of(parcel),
        channel=session.get_one(Channel, conversation.channel_id),
        subject=("message", message.id),
        not_before=message.posted_at + timedelta(seconds=max(0, undo_seconds)),
        lane=f"conversation-{conversation.id}",
        by=by,
    )
    message.delivery_id = delivery.id
    message.delivery = delivery
