"""Settles answers and mails by what was said of them later. Called by `workers/rescue`, which rings soon after a report.

A report that came before its delivery knew the id waits here for it.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import Receipt
from inbox.database import skip_locked
from inbox.jobs import Job, after_commit
from inbox.outbox.hear import is_answer_on, is_mail
from inbox.outbox.models import Delivery, DeliveryReport, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.settle import close_claim, mark_failed, mark_sent

AT_ONCE = 200
# Platforms repeat themselves for seven days; until then what was said first must not be forgotten.
KEPT = timedelta(days=8)
DOUBTED = (DeliveryState.UNSURE, DeliveryState.FAILED)
BELIEVED = (DeliveryState.UNSURE, DeliveryState.SENT)


def confirm(session: Session) -> list[Delivery]:
    """Make deliveries sent or failed as was said of them since, once per report; those that changed, for `spread`."""
    # Two questions, because no index serves both at once.
    # + 0: SQLite does not count rows, and would look for a report of every delivery there ever was.
    answers, mails = is_answer_on(DeliveryReport.channel_id + 0), is_mail()
    found = [*_open(session, answers), *_open(session, mails)]
    if len(found) >= AT_ONCE:
        after_commit(session, Job.RESCUE)
    return [delivery for report, delivery in found if _settle(session, report, delivery)]


def forget_reports(session: Session) -> int:
    """Remove those that nobody repeats any more; returns how many."""
    old = sa.delete(DeliveryReport).where(DeliveryReport.heard_at < now() - KEPT).returning(DeliveryReport.id)
    return len(session.scalars(old.execution_options(synchronize_session=False)).all())


def _open(session: Session, is_ours: sa.ColumnElement[bool]) -> Sequence[sa.Row[DeliveryReport, Delivery]]:
    """Reports that nobody has acted on, with their deliveries, both locked."""
    query = (
        sa.select(DeliveryReport, Delivery)
        .join(Delivery, (Delivery.external_id == DeliveryReport.external_id) & is_ours)
        .where(DeliveryReport.settled_at.is_(None), Delivery.state.in_({*DOUBTED, *BELIEVED}))
        .order_by(DeliveryReport.id)
        .limit(AT_ONCE)
    )
    return session.execute(skip_locked(session, query), execution_options={"populate_existing": True}).all()


def _settle(session: Session, report: DeliveryReport, delivery: Delivery) -> bool:
    """Whether the delivery is another one by it."""
    report.settled_at = now()
    changing: Collection[DeliveryState] = DOUBTED if report.has_arrived else BELIEVED
    if delivery.state not in changing:
        return False
    if report.has_arrived:
        receipt = Receipt(delivery.external_id or "", delivery.url, delivery.receipt)
        mark_sent(delivery, Outcome(Result.SENT, receipt))
    else:
        mark_failed(session, delivery, report.reason)
    close_claim(session, delivery)
    return True
