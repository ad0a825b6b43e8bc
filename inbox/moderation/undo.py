"""Takes a moderation act back: before it left by cancelling it, afterwards by undoing it at the source."""

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.models import Channel
from inbox.connectors.contract import N_, Capabilities
from inbox.live import publish
from inbox.moderation.refusal import ActRefused
from inbox.outbox.cancel import cancel
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.parcels import act_of
from inbox.outbox.queue import queue_delivery
from inbox.teams.models import Teammate


def undo(session: Session, delivery: Delivery, *, by: Teammate, capabilities: Capabilities) -> Delivery:
    """The cancelled delivery, or the new one that undoes it; asking twice undoes once. Raises ActRefused."""
    if delivery.kind != DeliveryKind.ACT or delivery.payload.get("undo"):
        raise ActRefused(N_("There is nothing to take back."))
    if delivery.state == DeliveryState.CANCELLED or cancel(session, delivery, by=by):
        return delivery
    if delivery.state == DeliveryState.SENDING:
        raise ActRefused(N_("It is being done right now; take it back in a moment."))
    if delivery.state != DeliveryState.SENT:
        raise ActRefused(N_("It has not been done, so there is nothing to take back."))
    parcel = act_of(delivery.payload)
    if parcel.name not in capabilities.undoable:
        raise ActRefused(N_("The platform does not let this be taken back."))
    payload = {**delivery.payload, "key": f"{delivery.key}-undo", "undo": True, "undo_state": delivery.receipt}
    undoing = queue_delivery(
        session,
        key=f"{delivery.key}-undo",
        kind=DeliveryKind.ACT,
        payload=payload,
        channel=session.get_one(Channel, delivery.channel_id),
        subject=(delivery.subject_kind, delivery.subject_id or 0),
        lane=delivery.lane,
        by=by,
    )
    record(session, f"moderation.{parcel.name}_undone", "message", delivery.subject_id or 0, by=by, delivery=undoing.id)
    publish(session, "deliveries", undoing.id)
    return undoing
