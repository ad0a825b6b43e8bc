"""Shows on the message and its member what has been done at the source. Called beside every settlement of an act."""

from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import ActName
from inbox.conversations.models import Message
from inbox.live import publish
from inbox.members.models import Identity, Member
from inbox.moderation.acts import acts, acts_on_member, is_over, standing
from inbox.outbox.models import Delivery, DeliveryState

# What takes a message out of sight there, and what brings a held one back into it.
HIDING = (ActName.HIDE, ActName.DELETE, ActName.MARK_SPAM, ActName.HOLD)
SHOWING = (*HIDING, ActName.APPROVE)
SHUTTING_OUT = (ActName.BLOCK, ActName.BAN)


def settle_act(session: Session, delivery: Delivery) -> Message | None:
    """Hide or show the message, shut out its member or let them in, by all acts that stand. None before it is done."""
    message = session.get(Message, delivery.subject_id) if delivery.subject_id else None
    if message is None or delivery.state != DeliveryState.SENT:
        return None
    name = ActName(delivery.payload["name"])
    if name in SHOWING:
        message.hidden_at = (message.hidden_at or now()) if _is_hidden(session, message) else None
    if name in SHUTTING_OUT and message.identity_id:
        member = session.get_one(Member, session.get_one(Identity, message.identity_id).member_id)
        blocked = is_shut_out(acts_on_member(session, member.id))
        member.blocked_at = (member.blocked_at or now()) if blocked else None
    session.flush()
    publish(session, "conversations", message.conversation_id, message=message.id)
    return message


def _is_hidden(session: Session, message: Message) -> bool:
    on_message = acts(session, [message.id]).get(message.id, [])
    hiding = [done for name in HIDING if (done := standing(on_message, name)) and _done(done)]
    approved = standing(on_message, ActName.APPROVE)
    # What was approved is seen again, unless it was put out of sight once more afterwards.
    return any(not (approved and _done(approved) and approved.id > each.id) for each in hiding)


def is_shut_out(deliveries: list[Delivery]) -> bool:
    """A member may be shut out on several channels, by several acts: undone on one is not undone on all."""
    shut_out: dict[tuple[int | None, str], bool] = {}
    for delivery in deliveries:
        name = str(delivery.payload.get("name"))
        if name in SHUTTING_OUT and delivery.state == DeliveryState.SENT:
            # The newest word on each channel counts: blocked twice there is undone once.
            shut_out[delivery.channel_id, name] = not delivery.payload.get("undo") and not is_over(delivery)
    return any(shut_out.values())


def _done(delivery: Delivery) -> bool:
    return delivery.state == DeliveryState.SENT
