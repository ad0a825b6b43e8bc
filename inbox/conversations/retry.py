"""Tries an item of the quarantine again: what came is read anew, by a version of Trellis that may know better."""

from pathlib import Path

from sqlalchemy.orm import Session

from inbox.channels.models import Channel, QuarantinedItem
from inbox.channels.quarantine import release
from inbox.clock import now
from inbox.connectors.contract import N_, Batch, ChannelConnector, ConnectorError
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


def retry(session: Session, item: QuarantinedItem, connector: ChannelConnector, folder: Path) -> bool:
    """Store the item if it can be read now, its files below `folder`; False when it cannot, or was settled already.

    The ledger then counts it where it went.
    """
    # Two who try it in the same moment meet here, so that the ledger moves it once.
    session.refresh(item, with_for_update=True)
    if item.resolved_at is not None:
        return False
    try:
        batch = _read(connector, item.raw)
    except UNREADABLE as error:
        item.tried_at, item.reason = now(), str(error) or type(error).__name__
        session.flush()
        return False
    ingest(session, session.get_one(Channel, item.channel_id), item.stream_name, attach(folder, batch))
    release(session, item)
    return True


def _read(connector: ChannelConnector, raw: str) -> Batch:
    batch = connector.reread(raw)
    if batch.bad or not batch.fetched:
        raise ValueError(batch.bad[0].reason if batch.bad else N_("There is nothing in it to store."))
    for message in batch.messages:
        clean(message, now())
    return batch
