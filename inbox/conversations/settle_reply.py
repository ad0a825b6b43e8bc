"""Brings a conversation up to date with what became of one of its answers. Called beside every settlement."""

import logging

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Conversation, ConversationState, Direction, Message
from inbox.conversations.waiting import wait_after, wait_again
from inbox.live import publish
from inbox.outbox.models import Delivery, DeliveryState

log = logging.getLogger(__name__)


def settle_reply(session: Session, delivery: Delivery) -> Message | None:
    """Take over address and id of a sent answer; let people wait again when it failed. None when it is of no message."""
    message = session.scalar(sa.select(Message).where(Message.delivery_id == delivery.id))
    if message is None:
        return None
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True, populate_existing=True)
    if delivery.state == DeliveryState.SENT:
        _sent(session, conversation, message, delivery)
    elif delivery.state == DeliveryState.FAILED:
        # Nobody has been answered: pretending otherwise would lose them.
        waited = wait_again(session, conversation, "conversation.replied", delivery=delivery.id)
        if waited and conversation.state == ConversationState.CLOSED:
            conversation.state = ConversationState.OPEN
            conversation.closed_at = None
    session.flush()
    publish(session, "conversations", conversation.id, message=message.id, delivery=delivery.state)
    return message


def _sent(session: Session, conversation: Conversation, message: Message, delivery: Delivery) -> None:
    message.url = delivery.url
    if delivery.external_id and message.external_id != delivery.external_id:
        _take_id(session, conversation, message, delivery.external_id)
    wait_after(session, conversation, message)


def _take_id(session: Session, conversation: Conversation, message: Message, external_id: str) -> None:
    """Give the answer the id under which it left. Whoever has that id already is the same, was replaced, or keeps it."""
    holder = session.scalar(
        sa.select(Message).where(
            Message.channel_id == message.channel_id, Message.external_id == external_id, Message.id != message.id
        )
    )
    if holder is not None and holder.delivery_id is not None:
        if holder.id > message.id:
            return
        # A review has one answer of ours: the newest takes the place of the one before, whose words stay here.
        holder.external_id = None
        session.flush()
    elif holder is not None and holder.direction != Direction.OUT:
        log.warning("an answer was given another's id", extra={"message_id": message.id, "holder": holder.id})
        return
    elif holder is not None:
        _drop_twin(session, conversation, message, holder)
    message.external_id = external_id


def _drop_twin(session: Session, conversation: Conversation, message: Message, twin: Message) -> None:
    """A poll may bring our own answer back before its delivery is settled; the row that it made is the same message."""
    message.url = message.url or twin.url
    message.reply_handle = twin.reply_handle
    message.identity_id = twin.identity_id
    if twin.conversation_id == conversation.id:
        conversation.message_count -= 1
    session.delete(twin)
    session.flush()
    conversation.version += 1
