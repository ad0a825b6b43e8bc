"""Tries once to send a claimed delivery. Speaks to the network and writes nothing; `settle` stores what came of it."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from inbox.connectors.contract import (
    N_,
    ConnectorError,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Receipt,
    Refused,
)
from inbox.connectors.deadline import ending
from inbox.outbox.carriers import Carriers
from inbox.outbox.claim import Claimed
from inbox.outbox.models import DeliveryKind
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.parcels import act_of, card_of, reply_of

log = logging.getLogger(__name__)
Row = TypeVar("Row")


def attempt(claimed: Claimed, carriers: Carriers) -> Outcome:
    """Send it before its claim ends and say what came of it.

    Never raises: an error nobody expected means that it may have left.
    """
    try:
        send = _sender(claimed, carriers)
    except ConnectorError as error:
        return Outcome(Result.FAILED, reason=error.sentence, needs_person=error.needs_person)
    except (KeyError, ValueError) as error:
        return Outcome(Result.FAILED, reason=N_("It could not be prepared: %(error)s.", error=error))
    try:
        with ending(claimed.ends_at):
            return Outcome(Result.SENT, send())
    except OutcomeUnknown as error:
        receipt = Receipt(error.external_id)
        return Outcome(Result.UNSURE, receipt, reason=error.sentence, wait_seconds=error.retry_after)
    except Passing as error:
        return Outcome(
            Result.LATER,
            reason=error.sentence,
            wait_seconds=error.retry_after,
            is_rate_limit=isinstance(error, RateLimited),
        )
    except ConnectorError as error:
        return Outcome(Result.FAILED, reason=error.sentence, needs_person=error.needs_person)
    except Exception as error:  # a connector's mistake must not send twice, nor stop the others
        log.exception("attempt broke", extra={"delivery": claimed.delivery.id, "kind": claimed.delivery.kind})
        reason = N_("Sending broke off unexpectedly (%(fault)s).", fault=type(error).__name__)
        return Outcome(Result.UNSURE, reason=reason)


def _sender(claimed: Claimed, carriers: Carriers) -> Callable[[], Receipt]:
    """All that can go wrong before anything leaves goes wrong here."""
    delivery = claimed.delivery
    payload: dict[str, Any] = delivery.payload
    if claimed.channel and claimed.channel.is_sample and delivery.kind != DeliveryKind.MAIL:
        # Invented people have no platform; the answer ends here and says so in its receipt.
        return lambda: Receipt(state={"sample": True})
    match DeliveryKind(delivery.kind):
        case DeliveryKind.REPLY:
            reply, connector = reply_of(payload), carriers.channel(_needed(claimed.channel))
            return lambda: connector.send(reply)
        case DeliveryKind.ACT:
            act, connector = act_of(payload), carriers.channel(_needed(claimed.channel))
            return lambda: connector.act(act)
        case DeliveryKind.TICKET:
            card, tracker = card_of(payload), carriers.tracker(_needed(claimed.tracker))
            return lambda: tracker.create(card)
        case DeliveryKind.MAIL:
            return lambda: carriers.mail(delivery.key, payload, claimed.channel)


def _needed(row: Row | None) -> Row:
    if row is None:
        raise Refused(N_("The channel or tracker it was meant for has been removed."))
    return row
