"""Tries an item of the quarantine again: what came is read anew, by a version of Trellis that may know better."""

from pathlib import Path

from sqlalchemy.orm import Session

from inbox.channels.models import Channel, QuarantinedItem
from inbox.channels.quarantine import release
from inbox.clock import now
from inbox.connectors.contract import Batch, ChannelConnector, ConnectorError
from inbox.conversations.attach import attach
from inbox.conversations.clean import clean
from inbox.conversations.ingest import ingest

# What reading foreign data can raise; everything else is our own mistake.
UNREADABLE = (
    ConnectorError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


class CannotRetry(ValueError):
    """This kind of channel cannot read a kept item again; it is fetched anew, or dismissed."""


def can_retry(connector: ChannelConnector | type[ChannelConnector]) -> bool:
    """Whether the connector reads single items from what the quarantine keeps."""
    kind = connector if isinstance(connector, type) else type(connector)
    return kind.reread is not ChannelConnector.reread


def retry(session: Session, item: QuarantinedItem, connector: ChannelConnector, folder: Path) -> bool:
    """Store the item if it can be read now, its files below `folder`; False when it cannot, or was settled already.

    The ledger then counts it where it went. Raises CannotRetry.
    """
    if not can_retry(connector):
        raise CannotRetry(connector.kind)
    # Two who try it in the same moment meet here, so that the ledger moves it once.
    session.refresh(item, with_for_update=True)
    if item.resolved_at is not None:
        return False
    try:
        batch = _read(connector, item.raw)
    except UNREADABLE as error:
        item.tried_at, item.reason = now(), str(error)[:2_000] or type(error).__name__
        session.flush()
        return False
    ingest(session, session.get_one(Channel, item.channel_id), item.stream_name, attach(folder, batch))
    release(session, item)
    return True


def _read(connector: ChannelConnector, raw: str) -> Batch:
    batch = connector.reread(raw)
    if batch.bad or not batch.fetched:
        raise ValueError(batch.bad[0].reason if batch.bad else "There is nothing in it to store.")
    for message in batch.messages:
        clean(message, now())
    return batch
