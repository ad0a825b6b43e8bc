"""Looks up at its platform whether an unsure delivery arrived. Speaks to the network and writes nothing."""

import logging

from inbox.connectors.contract import N_, ConnectorError, OutcomeUnknown, Passing, Receipt
from inbox.connectors.deadline import ending
from inbox.outbox.carriers import Carriers
from inbox.outbox.claim import Claimed
from inbox.outbox.models import DeliveryKind
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.parcels import card_of, reply_of

log = logging.getLogger(__name__)
NOT_THERE = N_("It had not arrived, so it is sent again.")
CANNOT_BE_TOLD = N_("It may have arrived; this cannot be looked up, so please check and decide.")


def look(claimed: Claimed, carriers: Carriers) -> Outcome:
    """SENT when it is there, LATER when it surely is not, else UNSURE. Never raises."""
    try:
        with ending(claimed.ends_at):
            return _look(claimed, carriers)
    except Passing as error:
        return Outcome(Result.UNSURE, reason=N_("It may have arrived; the look failed: %(error)s", error=error))
    except ConnectorError as error:
        reason = N_("It may have arrived; please check and decide. %(error)s", error=error)
        receipt = Receipt(error.external_id if isinstance(error, OutcomeUnknown) else "")
        return Outcome(Result.UNSURE, receipt, reason=reason, look_again=False)
    except Exception as error:  # an unexpected answer decides nothing and must not stop the others
        log.exception("look broke", extra={"delivery": claimed.delivery.id, "kind": claimed.delivery.kind})
        reason = N_("It may have arrived; the look broke off (%(fault)s).", fault=type(error).__name__)
        return Outcome(Result.UNSURE, reason=reason)


def _look(claimed: Claimed, carriers: Carriers) -> Outcome:
    delivery = claimed.delivery
    match DeliveryKind(delivery.kind):
        case DeliveryKind.REPLY if claimed.channel:
            return _found(carriers.channel(claimed.channel).find_sent(reply_of(delivery.payload)))
        case DeliveryKind.TICKET if claimed.tracker:
            return _found(carriers.tracker(claimed.tracker).find_created(card_of(delivery.payload)))
        case DeliveryKind.ACT:
            # Doing it twice does no harm, and doing it gives the receipt that undoing needs.
            return Outcome(Result.LATER, reason=N_("It may not have been done, so it is done again."))
        case _:
            return Outcome(Result.UNSURE, reason=CANNOT_BE_TOLD, look_again=False)


def _found(receipt: Receipt | None) -> Outcome:
    return Outcome(Result.LATER, reason=NOT_THERE) if receipt is None else Outcome(Result.SENT, receipt)
