"""What was deleted at its source and is there again: a moderator relented, or its author did. Called by ingest."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.abilities import abilities
from inbox.channels.models import Channel, Tombstone
from inbox.channels.terms import terms
from inbox.conversations.clean import CleanMessage
from inbox.conversations.ingest_write import ATTACHMENT, CONTENT, attachment_row
from inbox.conversations.models import Attachment, Message
from inbox.conversations.watch import keep_until, next_ask
from inbox.database import among, given, insert_rows

# Pages overlap, and caches go on telling for a while what is gone already.
SETTLED = timedelta(minutes=15)
RETURNED = ("id", *CONTENT, "visibility", "edited_at", "ask_again_at", "keep_until")


def is_there_again(
    message: CleanMessage, deleted_at: datetime, told_at: datetime | None, read_at: datetime | None
) -> bool:
    """Whether the message speaks of a time after its deletion: it was edited since, or read long after we were told.

    `read_at` is when its platform was asked; None for what may be older than it looks, as a repeated delivery is.
    """
    if message.edited_at is not None and message.edited_at > deleted_at:
        return True
    return read_at is not None and read_at > (told_at or deleted_at) + SETTLED


def bring_back(session: Session, channel: Channel, returned: Mapping[int, CleanMessage], moment: datetime) -> None:
    """Give tombstones their words and files back; a classifier will look again. When we heard of the deletion stays."""
    if not returned:
        return
    refetches, retention = abilities(channel).refetches, terms(channel.kind)
    until = keep_until(moment, moment, retention)
    rows = [
        (
            number,
            *(getattr(message, name) for name in (*CONTENT, "visibility", "edited_at")),
            next_ask(message.posted_at, moment, retention) if refetches else None,
            until,
        )
        for number, message in returned.items()
    ]
    columns = given(session, Message, RETURNED, rows)
    session.execute(
        sa.update(Message)
        .where(Message.id == columns.c.id)
        .values({name: columns.c[name] for name in RETURNED[1:]} | {"deleted_at": None, "labelled_at": None})
        .execution_options(synchronize_session=False)
    )
    files = [attachment_row(number, file) for number, message in returned.items() for file in message.attachments]
    if files:
        insert_rows(session, Attachment, ATTACHMENT, files)


def forget_tombstones(session: Session, channel: Channel, keys: Collection[str]) -> None:
    """Messages that were deleted before they were seen have come after all."""
    if keys:
        gone = sa.delete(Tombstone).where(
            Tombstone.channel_id == channel.id, among(session, Tombstone.external_id, keys)
        )
        session.execute(gone.execution_options(synchronize_session=False))
