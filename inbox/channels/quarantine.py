"""The quarantine: items that could not be read, kept with what came, to be looked at, tried again or dismissed."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.ledger import Counts, enter
from inbox.channels.models import Channel, QuarantinedItem
from inbox.channels.terms import kinds_that_forget_words
from inbox.clock import now
from inbox.connectors.contract import BadItem
from inbox.database import Told, insert_given
from inbox.live import publish
from inbox.sentence import pack
from inbox.teams.models import Teammate
from inbox.text import storable

RAW_LIMIT = 65_536
PAGE = 50
COLUMNS = (
    "channel_id",
    "stream_name",
    "external_id",
    "fingerprint",
    "reason",
    "raw",
    "line_number",
    "ledger_day",
    "created_at",
)


def quarantine(session: Session, channel_id: int, stream_name: str, bad: Sequence[BadItem]) -> int:
    """Keep the bad items in one statement; returns how many were new. The same bad item again is not a new row."""
    moment = now()
    rows = {}
    for item in bad:
        fingerprint = hashlib.sha256(f"{item.external_id}\0{item.raw}".encode("utf-8", "surrogatepass")).hexdigest()
        reason, raw = pack(item.reason, Told.LIMIT), storable(item.raw, RAW_LIMIT)
        key = storable(item.external_id, 500)
        rows[fingerprint] = (
            channel_id, stream_name, key, fingerprint, reason, raw, item.line_number, moment.date(), moment,
        )  # fmt: skip
    if not rows:
        return 0
    query = insert_given(session, QuarantinedItem, COLUMNS, list(rows.values())).on_conflict_do_nothing(
        index_elements=["channel_id", "fingerprint"]
    )
    return len(session.scalars(query.returning(QuarantinedItem.id)).all())


def browse_quarantine(
    session: Session, channel_id: int, *, before: int | None = None, day: date | None = None
) -> Sequence[QuarantinedItem]:
    """A page of the channel's open items, newest first; `before` is the id of the last one already seen.

    With `day` all that the ledger of that day counts: also those that were set aside.
    """
    query = sa.select(QuarantinedItem).where(QuarantinedItem.channel_id == channel_id)
    if day is None:
        query = query.where(QuarantinedItem.resolved_at.is_(None))
    else:
        query = query.where(QuarantinedItem.ledger_day == day, QuarantinedItem.resolution != "stored")
    if before is not None:
        query = query.where(QuarantinedItem.id < before)
    return session.scalars(query.order_by(QuarantinedItem.id.desc()).limit(PAGE)).all()


def count_quarantined(session: Session, channel_id: int) -> int:
    """How many items of the channel wait in quarantine."""
    query = sa.select(sa.func.count()).where(
        QuarantinedItem.channel_id == channel_id, QuarantinedItem.resolved_at.is_(None)
    )
    return session.scalar(query) or 0


def find_quarantined(session: Session, item_id: int) -> QuarantinedItem | None:
    """The item, or None."""
    return session.get(QuarantinedItem, item_id)


def dismiss(session: Session, item: QuarantinedItem, *, by: Teammate) -> bool:
    """Say that nothing is to be done about the item; it stays counted as quarantined. False when it was settled already."""
    session.refresh(item, with_for_update=True)
    if item.resolved_at is not None:
        return False
    item.resolved_at, item.resolution = now(), "dismissed"
    session.flush()
    record(session, "quarantine.dismissed", "channel", item.channel_id, by=by, item=item.id)
    publish(session, "channels", item.channel_id)
    return True


def bring_back(session: Session, item: QuarantinedItem, *, by: Teammate) -> bool:
    """Undo `dismiss`: the item waits again. False when it was not dismissed."""
    session.refresh(item, with_for_update=True)
    if item.resolution != "dismissed":
        return False
    item.resolved_at, item.resolution = None, ""
    session.flush()
    record(session, "quarantine.brought_back", "channel", item.channel_id, by=by, item=item.id)
    publish(session, "channels", item.channel_id)
    return True


def forget_payloads(session: Session) -> int:
    """Empty what came with items that the terms of their platforms no longer let us keep; returns how many. They stay counted.

    Nobody asks a platform for them again, so that their time begins when they came.
    """
    emptied = 0
    for kind, hours in kinds_that_forget_words().items():
        channels = sa.select(Channel.id).where(Channel.kind == kind)
        query = sa.update(QuarantinedItem).where(
            QuarantinedItem.channel_id.in_(channels),
            QuarantinedItem.created_at <= now() - timedelta(hours=hours),
            QuarantinedItem.raw != "",
        )
        query = query.values(raw="").returning(QuarantinedItem.id).execution_options(synchronize_session=False)
        emptied += len(session.scalars(query).all())
    return emptied


def release(session: Session, item: QuarantinedItem) -> None:
    """The item could be read after all: take it out of the quarantine and of that day's quarantined (ingest counts it anew)."""
    moment = now()
    item.tried_at, item.resolved_at, item.resolution = moment, moment, "stored"
    session.flush()
    enter(session, item.channel_id, item.ledger_day, Counts(fetched=-1, quarantined=-1))
