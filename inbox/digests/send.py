"""Writes a reader's digest down and hands it to the outbox, in one transaction: at most one per reader and week."""

import secrets
from typing import Any

from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.database import insert
from inbox.digests.models import Digest, Subscription
from inbox.insights.week import Week
from inbox.outbox.models import DeliveryKind
from inbox.outbox.queue import queue_delivery


def send(
    session: Session,
    reader: Subscription,
    week: Week,
    snapshot: dict[str, Any],
    secret: str,
    mail: dict[str, Any] | None,
) -> Digest | None:
    """The new digest with its delivery; without `mail` (an empty week) only the row. None when this reader has one already."""
    made = session.scalar(
        insert(session, Digest)
        .values(
            subscription_id=reader.id,
            iso_week=week.name,
            secret=secret,
            language=reader.language,
            snapshot=snapshot,
            subject=mail["subject"] if mail else "",
            is_empty=mail is None,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["subscription_id", "iso_week"])
        .returning(Digest.id)
    )
    if made is None:
        return None
    digest = session.get_one(Digest, made)
    if mail is not None:
        key = f"digest-{reader.id}-{week.name}"
        delivery = queue_delivery(session, key=key, kind=DeliveryKind.MAIL, payload=mail, subject=("digest", made))
        digest.delivery_id = delivery.id
        session.flush()
    return digest


def send_trial(session: Session, mail: dict[str, Any], teammate_id: int) -> None:
    """Queue a copy for one teammate, outside of the count of one a week."""
    key = f"digest-trial-{teammate_id}-{secrets.token_hex(8)}"
    queue_delivery(session, key=key, kind=DeliveryKind.MAIL, payload=mail, subject=("teammate", teammate_id))
