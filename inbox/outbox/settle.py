"""Stores what came of an attempt: sent, tried again later, failed with its reason, or unsure."""

import json
import logging
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.health import mark_broken
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.lenient import words
from inbox.live import publish
from inbox.outbox.claim import Claimed
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.sentence import N_
from inbox.text import clean_key, clean_url, storable_json

log = logging.getLogger(__name__)

# Seconds before the second, third … attempt: about half a day in all, then a person is asked.
PAUSES = (10, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400)
LONGEST_PAUSE = 86_400.0
# What was under way when the answer got lost may still arrive; looking earlier would find nothing and send again.
FIRST_LOOK = timedelta(seconds=60)


def settle(session: Session, claimed: Claimed, outcome: Outcome) -> Delivery | None:
    """Write `outcome` if the claim still holds; None when it does not and there is nothing new to know.

    That something left is believed in any case, also when the lease had run out in between; unless it has come back since.
    """
    delivery = session.get(Delivery, claimed.delivery.id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.state in (DeliveryState.SENT, DeliveryState.CANCELLED):
        return None
    holds = delivery.state == DeliveryState.SENDING and delivery.claim == claimed.claim
    if not holds and (outcome.result != Result.SENT or delivery.came_back):
        return None
    match outcome.result:
        case Result.SENT:
            mark_sent(delivery, outcome)
        case Result.LATER:
            _try_later(session, delivery, outcome)
        case Result.FAILED:
            mark_failed(session, delivery, outcome.reason)
            if outcome.needs_person:
                _ask_for_person(session, delivery, outcome.reason)
        case Result.UNSURE:
            mark_unsure(delivery, outcome.reason, outcome.receipt.external_id)
            delivery.look_at = now() + max(FIRST_LOOK, timedelta(seconds=_asked(outcome)))
    close_claim(session, delivery)
    return delivery


def close_claim(session: Session, delivery: Delivery) -> None:
    """Nobody holds it any longer; tell open browsers how it stands."""
    delivery.claim = ""
    delivery.claimed_until = None
    session.flush()
    publish(session, "deliveries", delivery.id, state=delivery.state, **_about(delivery))


def mark_sent(delivery: Delivery, outcome: Outcome) -> None:
    """It arrived: keep the proof, as far as a database takes it. What has left must not be unsure for a strange receipt."""
    delivery.state = DeliveryState.SENT
    delivery.external_id = _key(outcome.receipt.external_id)
    delivery.url = clean_url(words(outcome.receipt.url))
    delivery.receipt = _kept(delivery, outcome.receipt.state)
    delivery.last_error = ""
    delivery.look_at = None
    delivery.settled_at = now()


def mark_failed(session: Session, delivery: Delivery, reason: str) -> None:
    """It surely did not arrive and will not be tried again by itself."""
    delivery.state = DeliveryState.FAILED
    delivery.last_error = reason
    delivery.may_have_left = False
    delivery.look_at = None
    delivery.settled_at = now()
    record(session, "delivery.failed", delivery.subject_kind, delivery.subject_id or 0, delivery=delivery.id)


def mark_unsure(delivery: Delivery, reason: str, external_id: str = "") -> None:
    """It may have arrived, then under this id, where it is known."""
    delivery.state = DeliveryState.UNSURE
    delivery.last_error = reason
    delivery.external_id = _key(external_id) or delivery.external_id


def mark_queued(delivery: Delivery, reason: str, wait_seconds: float) -> None:
    """Surely nothing left: it waits for its next attempt."""
    delivery.state = DeliveryState.QUEUED
    delivery.may_have_left = False
    delivery.look_at = None
    delivery.last_error = reason
    delivery.not_before = now() + timedelta(seconds=wait_seconds)


def is_exhausted(delivery: Delivery) -> bool:
    """Whether it was tried so often that only a person has it tried once more."""
    return delivery.attempts > len(PAUSES)


def _try_later(session: Session, delivery: Delivery, outcome: Outcome) -> None:
    if is_exhausted(delivery):
        gaps = {"number": delivery.attempts, "reason": outcome.reason}
        mark_failed(session, delivery, N_("Given up after %(number)s attempts: %(reason)s", **gaps))
        return
    # Jitter, so that what failed together does not come back together.
    pause = max(PAUSES[delivery.attempts - 1] * random.uniform(0.8, 1.2), _asked(outcome))
    mark_queued(delivery, outcome.reason, pause)
    if outcome.is_rate_limit and delivery.channel_id:
        # The platform's patience is asked for by account: the others of this channel wait as well.
        session.execute(
            sa.update(Delivery)
            .where(
                Delivery.channel_id == delivery.channel_id,
                Delivery.state == DeliveryState.QUEUED,
                Delivery.not_before < delivery.not_before,
                Delivery.id != delivery.id,
            )
            .values(not_before=delivery.not_before)
        )


def _ask_for_person(session: Session, delivery: Delivery, reason: str) -> None:
    # A right that a moderation act lacks is told beside the message; reading and answering go on without it.
    is_reply = delivery.kind == DeliveryKind.REPLY and delivery.channel_id
    channel = session.get(Channel, delivery.channel_id) if is_reply else None
    if channel is not None:
        mark_broken(session, channel, reason)


def _asked(outcome: Outcome) -> float:
    return min(max(outcome.wait_seconds or 0.0, 0.0), LONGEST_PAUSE)


def _about(delivery: Delivery) -> dict[str, int]:
    return {delivery.subject_kind: delivery.subject_id} if delivery.subject_kind and delivery.subject_id else {}


def _key(external_id: object) -> str | None:
    # As ingest keeps it, so that our own answer is met by it.
    return clean_key(words(external_id)).strip() or None


def _kept(delivery: Delivery, state: Mapping[str, Any]) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(storable_json(dict(state)))
    except (ValueError, TypeError, RecursionError) as error:
        log.warning("receipt not kept", extra={"delivery": delivery.id, "error": type(error).__name__})
        return {}
    return kept
