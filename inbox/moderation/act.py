"""Does something about a message or its author at the source, through the outbox."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import Act, ActName, Capabilities
from inbox.conversations.models import Conversation, Message
from inbox.live import publish
from inbox.members.models import Identity
from inbox.moderation.acts import acts, standing
from inbox.moderation.options import options
from inbox.moderation.refusal import ActRefused
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.teams.models import Teammate
from inbox.text import storable

LONGEST_REASON = 1_000


def act(
    session: Session,
    message: Message,
    name: ActName,
    *,
    reason: str,
    by: Teammate,
    capabilities: Capabilities,
    undo_seconds: int = 0,
    until: datetime | None = None,
) -> Delivery:
    """Queue the act `name` for `message`; the one that stands already when it was done before. Raises ActRefused.

    It ends at `until` where the platform ends it, without that never.
    """
    [option] = [option for option in options(message, capabilities) if option.name == name]
    if not option.is_possible:
        raise ActRefused(option.because)
    # Two who act in the same moment meet at the conversation's row.
    session.get_one(Conversation, message.conversation_id, with_for_update=True, populate_existing=True)
    earlier = acts(session, [message.id]).get(message.id, [])
    done = standing(earlier, name)
    if done is not None:
        return done
    times = sum(1 for delivery in earlier if delivery.payload.get("name") == name)
    identity = session.get(Identity, message.identity_id) if message.identity_id else None
    key = f"act-{message.id}-{name}-{times}"
    parcel = Act(
        key=key,
        name=name,
        message_id=message.external_id or "",
        author_id=identity.external_id if identity else "",
        handle=message.reply_handle,
        reason=storable(reason, LONGEST_REASON).strip(),
        until=until if option.ends else None,
    )
    delivery = queue_delivery(
        session,
        key=key,
        kind=DeliveryKind.ACT,
        payload=payload_of(parcel),
        channel=session.get_one(Channel, message.channel_id),
        subject=("message", message.id),
        not_before=now() + timedelta(seconds=undo_seconds),
        lane=f"message-{message.id}",
        by=by,
    )
    record(session, f"moderation.{name}", "message", message.id, by=by, delivery=delivery.id)
    publish(session, "conversations", message.conversation_id, message=message.id)
    return delivery
