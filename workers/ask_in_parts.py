"""Asks for messages again, in smaller parts where one of them is refused, or where the budget is too small for all at once."""

import logging
import time
from collections.abc import Iterator, Sequence

from inbox.channels.fetch import refetch as ask
from inbox.channels.fetch import with_metrics
from inbox.connectors.contract import Batch, ChannelConnector, Known, RateLimited, Refused

log = logging.getLogger(__name__)

# A budget that is full again this soon is waited for.
SOON_SECONDS = 10.0


def ask_in_parts(
    connector: ChannelConnector, ids: Sequence[int], known: Sequence[Known], until: float
) -> Iterator[tuple[Sequence[int], Batch]]:
    """What the platform says of which messages; of one that it refuses, nothing. Raises ConnectorError.

    After `until` (of the monotonic clock) no budget is waited for.
    """
    try:
        batch = with_metrics(connector, known, ask(connector, known))
    except (RateLimited, Refused) as error:
        is_refused, wait = isinstance(error, Refused), error.retry_after or SOON_SECONDS
        if len(known) > 1 and (is_refused or (wait <= SOON_SECONDS and time.monotonic() + wait < until)):
            time.sleep(0 if is_refused else wait)
            half = len(known) // 2
            yield from ask_in_parts(connector, ids[:half], known[:half], until)
            yield from ask_in_parts(connector, ids[half:], known[half:], until)
            return
        if not is_refused:
            raise
        log.warning("one message not asked again", extra={"message_id": ids[0], "kind": connector.kind})
        batch = Batch()
    yield ids, batch
