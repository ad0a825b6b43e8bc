"""Keeps what platforms say later of our answers, in the transaction of the batch that brought it. `confirm` acts on it."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import IncomingReport
from inbox.database import Told, given, insert
from inbox.jobs import Job, after_commit
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryReport, DeliveryState
from inbox.sentence import pack
from inbox.text import clean_key

NAMES = ("channel_id", "external_id", "has_arrived", "reason", "heard_at")


def hear(session: Session, channel_id: int, reports: Iterable[IncomingReport]) -> None:
    """Keep what may be about an answer through this channel, or a mail, in one statement; repeats change nothing.

    What others send through the same account is reported too, and left out: an id that none of ours has counts only as
    long as something is leaving whose id we do not know yet.
    """
    moment, said = now(), {}
    for report in reports:
        key = clean_key(report.external_id).strip()
        if key and (key not in said or report.has_arrived):
            said[key] = (channel_id, key, report.has_arrived, pack(report.reason, Told.LIMIT), moment)
    if not said:
        return
    told = given(session, DeliveryReport, NAMES, list(said.values()))
    entry = insert(session, DeliveryReport).from_select(
        NAMES, sa.select(*(told.c[name] for name in NAMES)).where(_is_ours(channel_id, told) | _is_leaving(channel_id))
    )
    news = {"has_arrived": True, "reason": "", "heard_at": entry.excluded.heard_at, "settled_at": None}
    kept = entry.on_conflict_do_update(
        index_elements=["channel_id", "external_id"],
        set_=news,
        where=entry.excluded.has_arrived & ~DeliveryReport.has_arrived,
    )
    if session.scalars(kept.returning(DeliveryReport.id)).all():
        after_commit(session, Job.RESCUE)


def is_answer_on(channel_id: Any) -> sa.ColumnElement[bool]:
    """An answer that leaves through this channel, which alone is told of it."""
    return (Delivery.channel_id == channel_id) & (Delivery.kind == DeliveryKind.REPLY)  # type: ignore[no-any-return]


def is_mail() -> sa.ColumnElement[bool]:
    """A digest, notice or idea: its id is one in the whole world, and any of our mailboxes may be told of it."""
    return Delivery.channel_id.is_(None) & (Delivery.kind == DeliveryKind.MAIL)


def _is_ours(channel_id: int, told: sa.FromClause) -> sa.ColumnElement[bool]:
    ours = sa.select(Delivery.id).where(
        Delivery.external_id == told.c.external_id, is_answer_on(channel_id) | is_mail()
    )
    return ours.correlate(told).exists()


def _is_leaving(channel_id: int) -> sa.ColumnElement[bool]:
    is_begun = Delivery.state.in_((DeliveryState.SENDING, DeliveryState.UNSURE))
    is_going_on = (Delivery.state == DeliveryState.SENDING) | Delivery.look_at.is_not(None)
    return sa.select(Delivery.id).where(is_begun, is_going_on, is_answer_on(channel_id) | is_mail()).exists()
