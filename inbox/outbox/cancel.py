"""Takes a delivery back while it has not left. What has begun to leave cannot be called back."""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.live import publish
from inbox.outbox.models import Delivery, DeliveryState
from inbox.teams.models import Teammate


def cancel(session: Session, delivery: Delivery, *, by: Teammate | None) -> bool:
    """Cancel it if it is still queued, in one statement, so that it either leaves or is cancelled. False: too late."""
    found = cast(
        sa.CursorResult[Any],
        session.execute(
            sa.update(Delivery)
            .where(Delivery.id == delivery.id, Delivery.state == DeliveryState.QUEUED)
            .values(state=DeliveryState.CANCELLED, settled_at=now())
            .execution_options(synchronize_session=False)
        ),
    )
    session.refresh(delivery)
    if found.rowcount != 1:
        return False
    record(session, "delivery.cancelled", delivery.subject_kind, delivery.subject_id or 0, by=by, delivery=delivery.id)
    publish(session, "deliveries", delivery.id, state=DeliveryState.CANCELLED)
    return True
