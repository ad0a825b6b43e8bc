"""Stores a batch that the database refused as a whole, item by item, so that one bad item does not block the rest."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel, Stream
from inbox.connectors.contract import N_, BadItem, Batch
from inbox.conversations.clean import raw_of
from inbox.conversations.ingest import ingest


def ingest_apart(
    session: Session, channel: Channel, stream_name: str, batch: Batch, *, stream: Stream | None = None
) -> Counts:
    """The same as `ingest`, in one transaction too, but what the database refuses goes to quarantine with its reason."""
    counts, bad = Counts(), list(batch.bad)
    for single in _singles(batch):
        try:
            with session.begin_nested():
                counts += ingest(session, channel, stream_name, single)
        except OperationalError:
            # A lock or a lost connection says nothing about the item.
            raise
        except DBAPIError as error:
            reason = N_("The database refused it (%(fault)s).", fault=type(error.orig).__name__)
            bad += (BadItem(reason, raw_of(item), item.external_id) for item in single.messages)
            bad += (BadItem(reason, raw_of(item), item.external_id) for item in single.deletions)
    rest = replace(batch, messages=(), deletions=(), bad=bad)
    return counts + ingest(session, channel, stream_name, rest, stream=stream)


def _singles(batch: Batch) -> Iterator[Batch]:
    for message in batch.messages:
        yield Batch(messages=(message,))
    for deletion in batch.deletions:
        yield Batch(deletions=(deletion,))
