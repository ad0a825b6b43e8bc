"""Shows on the message and its member what has been done at the source. Called beside every settlement of an act."""

from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import ActName
from inbox.conversations.models import Message
from inbox.live import publish
from inbox.members.models import Identity, Member
from inbox.moderation.acts import acts, acts_on_member, standing
from inbox.outbox.models import Delivery, DeliveryState

HIDING = (ActName.HIDE, ActName.DELETE, ActName.MARK_SPAM)


def settle_act(session: Session, delivery: Delivery) -> Message | None:
    """Hide or show the message, block or unblock its member, by all acts that stand. None before it is done."""
    message = session.get(Message, delivery.subject_id) if delivery.subject_id else None
    if message is None or delivery.state != DeliveryState.SENT:
        return None
    name = ActName(delivery.payload["name"])
    if name in HIDING:
        on_message = acts(session, [message.id]).get(message.id, [])
        hidden = any(_done(standing(on_message, each)) for each in HIDING)
        message.hidden_at = (message.hidden_at or now()) if hidden else None
    if name == ActName.BLOCK and message.identity_id:
        member = session.get_one(Member, session.get_one(Identity, message.identity_id).member_id)
        blocked = _is_blocked_somewhere(acts_on_member(session, member.id))
        member.blocked_at = (member.blocked_at or now()) if blocked else None
    session.flush()
    publish(session, "conversations", message.conversation_id, message=message.id)
    return message


def _is_blocked_somewhere(deliveries: list[Delivery]) -> bool:
    """A member may be blocked on several channels: undone on one is not undone on all."""
    blocked: dict[int | None, bool] = {}
    for delivery in deliveries:
        if delivery.payload.get("name") == ActName.BLOCK and delivery.state == DeliveryState.SENT:
            # The newest word on each channel counts: blocked twice there is undone once.
            blocked[delivery.channel_id] = not delivery.payload.get("undo")
    return any(blocked.values())


def _done(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.state == DeliveryState.SENT
