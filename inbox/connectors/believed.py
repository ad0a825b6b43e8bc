"""When so much seems gone that it may be the place itself that is shut, the place is looked at before that is believed.

Many platforms answer alike for what was deleted and for what the account may not see any more: a community that went
private, a right that was withdrawn, a list that a plug-in empties. For whoever asks for messages again.
"""

from collections.abc import Sequence

from inbox.connectors.contract import N_, Batch, ChannelConnector, Known, Passing, Refused
from inbox.connectors.http import Forbidden

MANY = 10


def believed(connector: ChannelConnector, known: Sequence[Known]) -> Batch:
    """What the connector's `refetch` gives. Raises Passing when most seem gone and where they stood is not seen either.

    What the platform itself says can come back is said, not guessed from silence.
    """
    batch = connector.refetch(known)
    silent = [each for each in batch.deletions if not each.can_come_back]
    there = len(batch.messages) + len(batch.deletions) - len(silent)
    if silent and (not there or (len(known) >= MANY and len(silent) * 2 > len(known))):
        _look(connector, known)
    return batch


def _look(connector: ChannelConnector, known: Sequence[Known]) -> None:
    try:
        connector.reach(known)
    except (Refused, Forbidden) as error:
        raise Passing(
            N_(
                "%(label)s shows hardly any of the messages asked for again, and not where they stood: %(error)s "
                "Nothing was taken for deleted.",
                label=connector.label,
                error=error,
            )
        ) from error
