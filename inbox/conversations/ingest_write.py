"""Writes what a batch brings: new messages with their files, edits with revisions, tombstones. Called by ingest."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.abilities import abilities
from inbox.channels.models import Channel, Tombstone
from inbox.channels.terms import FOR_EVER, terms
from inbox.conversations.attach import KeptAttachment
from inbox.conversations.clean import CleanMessage
from inbox.conversations.ingest_known import KnownMessage
from inbox.conversations.ingest_threads import Thread
from inbox.conversations.models import Attachment, Direction, Message, Revision
from inbox.conversations.reasons import forget_reasons
from inbox.conversations.watch import keep_until, next_ask
from inbox.database import among, given, insert_rows
from inbox.members.recognise import Known as Person
from inbox.text import clean_url, one_line

CONTENT = ("text", "html", "quote", "url", "reply_handle", "raw")
MESSAGE = (
    *CONTENT,
    "metrics",
    "conversation_id",
    "channel_id",
    "external_id",
    "parent_external_id",
    "direction",
    "identity_id",
    "language",
    "visibility",
    "is_automatic",
    "posted_at",
    "received_at",
    "edited_at",
    "told_at",
)
# Only where the platform gives messages again, or does not let them be kept.
WATCHED = (*MESSAGE, "ask_again_at", "keep_until")
ATTACHMENT = ("message_id", "name", "media_type", "size_bytes", "sha256", "url")


def add_messages(
    session: Session,
    channel: Channel,
    messages: Sequence[CleanMessage],
    threads: Mapping[str, Thread],
    people: Mapping[str, Person],
    told_at: Mapping[str, datetime | None],
    moment: datetime,
) -> None:
    """Store new messages in one statement, and their attachments in a second.

    `told_at` is when we heard of the deletion of those that are there after all: the ledger's day still leads to them.
    """
    if not messages:
        return
    rows = [
        (
            *(getattr(message, name) for name in CONTENT),
            message.metrics,
            threads[message.external_id].id,
            channel.id,
            message.external_id,
            message.parent_id,
            (Direction.OUT if message.is_us else Direction.IN).value,
            people[message.author.external_id].identity_id if message.author else None,
            message.language,
            message.visibility,
            message.is_automatic,
            message.posted_at,
            moment,
            message.edited_at,
            told_at.get(message.external_id),
        )
        for message in messages
    ]
    names: tuple[str, ...] = MESSAGE
    refetches, retention = abilities(channel).refetches, terms(channel.kind)
    if (refetches or retention != FOR_EVER) and not channel.is_sample:
        names = WATCHED
        until = keep_until(moment, moment, retention)
        asks = (next_ask(message.posted_at, moment, retention) if refetches else None for message in messages)
        rows = [(*row, ask, until) for row, ask in zip(rows, asks, strict=True)]
    files = {message.external_id: message.attachments for message in messages if message.attachments}
    if not files:
        insert_rows(session, Message, names, rows)
        return
    ids = insert_rows(session, Message, names, rows, returning=("external_id", "id")).all()
    kept = [attachment_row(number, file) for key, number in ids if key in files for file in files[key]]
    insert_rows(session, Attachment, ATTACHMENT, kept)


def edit_messages(
    session: Session, edits: Mapping[str, CleanMessage], known: Mapping[str, KnownMessage], moment: datetime
) -> None:
    """Give stored messages their new words; the old ones become revisions, and a classifier will look again."""
    if not edits:
        return
    ids = [known[key].id for key in edits]
    at = sa.literal(moment, Revision.replaced_at.type)
    session.execute(
        sa.insert(Revision).from_select(
            ["message_id", "text", "html", "replaced_at"],
            sa.select(Message.id, Message.text, Message.html, at).where(among(session, Message.id, ids)),
        )
    )
    changed = [
        (known[key].id, *(getattr(message, name) for name in CONTENT), message.edited_at or moment)
        for key, message in edits.items()
    ]
    rows = given(session, Message, ("id", *CONTENT, "edited_at"), changed)
    session.execute(
        sa.update(Message)
        .where(Message.id == rows.c.id)
        .values({name: rows.c[name] for name in (*CONTENT, "edited_at")} | {"labelled_at": None})
        .execution_options(synchronize_session=False)
    )
    forget_reasons(session, ids)


def link_answers(
    session: Session,
    channel: Channel,
    answers: Mapping[str, int],
    came_back: Mapping[str, CleanMessage],
    moment: datetime,
) -> None:
    """Give answers of ours, whose delivery knows the id under which they left, that id: they are not added twice.

    From now on they are asked for again like other messages, so that it is seen how far they went.
    """
    if not came_back:
        return
    names = ("id", "external_id", "url", "reply_handle", "metrics", "ask_again_at")
    # Where terms end what may be kept, asking again would put an end to our own words too.
    asks = abilities(channel).refetches and terms(channel.kind) == FOR_EVER
    linked = [
        (
            answers[key],
            key,
            message.url,
            message.reply_handle,
            message.metrics,
            next_ask(message.posted_at, moment, FOR_EVER) if asks else None,
        )
        for key, message in came_back.items()
    ]
    rows = given(session, Message, names, linked)
    session.execute(
        sa.update(Message)
        .where(Message.id == rows.c.id)
        .values({name: rows.c[name] for name in names[1:]})
        .execution_options(synchronize_session=False)
    )


def show_to(session: Session, shown: Mapping[int, CleanMessage]) -> None:
    """Note who can read stored messages now, with what their connector needs to answer there."""
    if not shown:
        return
    names = ("id", "visibility", "reply_handle")
    rows = given(
        session, Message, names, [(number, each.visibility, each.reply_handle) for number, each in shown.items()]
    )
    session.execute(
        sa.update(Message)
        .where(Message.id == rows.c.id)
        .values({name: rows.c[name] for name in names[1:]})
        .execution_options(synchronize_session=False)
    )


def keep_metrics(session: Session, metrics: Mapping[int, Mapping[str, int]]) -> None:
    """Write the newest public counts of stored messages. Nobody has said anything by them, so nothing else changes."""
    if not metrics:
        return
    rows = given(session, Message, ("id", "metrics"), list(metrics.items()))
    session.execute(
        sa.update(Message)
        .where(Message.id == rows.c.id)
        .values(metrics=rows.c.metrics)
        .execution_options(synchronize_session=False)
    )


def bury_messages(session: Session, deleted: Mapping[int, datetime], moment: datetime) -> None:
    """Make tombstones of stored messages: the rows stay and are counted, their words, earlier words and files go."""
    if not deleted:
        return
    for table in (Revision, Attachment):
        session.execute(
            sa.delete(table)
            .where(among(session, table.message_id, deleted))
            .execution_options(synchronize_session=False)
        )
    rows = given(session, Message, ("id", "deleted_at"), list(deleted.items()))
    session.execute(
        sa.update(Message)
        .where(Message.id == rows.c.id)
        .values(
            deleted_at=rows.c.deleted_at,
            told_at=moment,
            text="",
            html=None,
            quote="",
            raw="",
            metrics={},
            ask_again_at=None,
            keep_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    forget_reasons(session, deleted)


def remember_deleted(session: Session, channel_id: int, deleted: Mapping[str, datetime], moment: datetime) -> None:
    """Remember ids that were deleted before they were seen, so that an overlapping page cannot bring them back."""
    if deleted:
        rows = [(channel_id, key, deleted_at, moment) for key, deleted_at in deleted.items()]
        insert_rows(session, Tombstone, ("channel_id", "external_id", "deleted_at", "told_at"), rows)


def attachment_row(message_id: int, file: object) -> tuple[int, str, str, int, str, str]:
    """The row of a file of a message, by the names of ATTACHMENT."""
    if not isinstance(file, KeptAttachment):
        raise TypeError("the files of a batch are kept (conversations.attach) before it is ingested")
    name, media_type = one_line(file.name, 300) or "file", one_line(file.media_type, 150)
    size = max(0, min(file.size_bytes, 2**31 - 1))
    return message_id, name, media_type or "application/octet-stream", size, file.sha256, clean_url(file.url)
