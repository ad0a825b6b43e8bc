"""When messages seem gone, it may be the place itself that is shut: it is looked at before their deletion is believed.

Many platforms answer alike for what was deleted and for what the account may not see any more: a community that went
private, a right that was withdrawn, a list that a plug-in empties. For whoever asks for messages again.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from inbox.connectors.contract import N_, Batch, ChannelConnector, Known, Passing, Refused
from inbox.connectors.http import Forbidden

log = logging.getLogger(__name__)


def believed(connector: ChannelConnector, known: Sequence[Known]) -> Batch:
    """What the connector's `refetch` gives, without deletions from places that are not seen any more.

    Raises Passing when nothing at all is there and the place is not seen either. What the platform itself says can come
    back is said, not guessed from silence.
    """
    batch = connector.refetch(known)
    said = [each for each in batch.deletions if each.can_come_back]
    silent = {each.external_id for each in batch.deletions} - {each.external_id for each in said}
    there = len(batch.messages) + len(said)
    # One that is still there proves the connection, but not the place of another.
    knows_places = type(connector).reach is not ChannelConnector.reach
    if not silent or (there and not knows_places and len(silent) * 2 <= len(known)):
        return batch
    try:
        connector.reach([each for each in known if each.external_id in silent] or known)
    except (Refused, Forbidden) as error:
        if there:
            log.warning("deletions not believed", extra={"kind": connector.kind, "count": len(silent)})
            return replace(batch, deletions=said)
        raise Passing(
            N_(
                "%(label)s shows hardly any of the messages asked for again, and not where they stood: %(error)s "
                "Nothing was taken for deleted.",
                label=connector.label,
                error=error,
            )
        ) from error
    return batch
