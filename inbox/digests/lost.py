"""The digests that did not reach their readers, for a person to look at."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from inbox.digests.models import Digest, Subscription
from inbox.outbox.models import Delivery, DeliveryState


def lost(session: Session) -> dict[int, Digest]:
    """Per reader's id the latest digest that did not leave, came back, or of which only a person can say whether it arrived."""
    chosen = sa.select(Digest).where(Digest.id.in_(lost_ids())).options(joinedload(Digest.delivery))
    return {digest.subscription_id: digest for digest in session.scalars(chosen)}


def lost_ids() -> sa.Select[int]:
    """Their ids, read from the few deliveries that failed. A later week's digest settles what became of an earlier one."""
    later = aliased(Digest)
    has_later = sa.exists().where(later.subscription_id == Digest.subscription_id, later.iso_week > Digest.iso_week)
    return (
        sa.select(Digest.id)
        .join(Delivery, (Delivery.subject_kind == "digest") & (Delivery.subject_id == Digest.id))
        .join(Subscription, Subscription.id == Digest.subscription_id)
        .where(
            Delivery.state.in_((DeliveryState.FAILED, DeliveryState.UNSURE)),
            (Delivery.state == DeliveryState.FAILED) | Delivery.look_at.is_(None),
            Subscription.unsubscribed_at.is_(None),
            ~has_later,
        )
    )
