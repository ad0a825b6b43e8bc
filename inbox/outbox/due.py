"""What may leave now, and what may be looked up now, each with the host that it has to wait for. Nothing is claimed here."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.channels.mailbox import find_mailbox
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.config import Settings
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.trackers.models import Tracker

# The host of mails that leave through the server of the settings.
MAIL = "mail"


def find_due(
    session: Session, *, besides: Collection[int] = (), without: Collection[str] = (), mail_host: str = MAIL
) -> Sequence[tuple[int, str]]:
    """Every delivery that may leave now, with its host, those that have waited longest first, and mails of ours last.

    None of the deliveries `besides`, and none of the hosts `without`; mails are of the `mail_host`.
    """
    query = _with_host(_host(mail_host), besides, without).where(*may_leave(now()))
    # A week's digests may be hundreds; an answer that leaves through the same mailbox does not wait for them.
    order = (Delivery.kind == DeliveryKind.MAIL, Delivery.not_before, Delivery.id)
    return [(number, host) for number, host in session.execute(query.order_by(*order))]


def find_looks(
    session: Session, *, besides: Collection[int] = (), without: Collection[str] = ()
) -> Sequence[tuple[int, str]]:
    """The same for unsure deliveries that are due for a look."""
    query = _with_host(_host(MAIL), besides, without).where(*may_be_looked_up(now()))
    return [(number, host) for number, host in session.execute(query.order_by(Delivery.look_at, Delivery.id))]


def mail_host(session: Session, settings: Settings) -> str:
    """Whose patience mails use: that of the server in the settings, or that of the e-mail channel they leave through."""
    mailbox = None if settings.smtp_url.get_secret_value() else find_mailbox(session)
    return mailbox.host if mailbox else MAIL


def may_leave(moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """It is queued, its moment has come, and of its lane nothing is on its way and nothing earlier waits."""
    other = aliased(Delivery)
    goes_first = (other.state == DeliveryState.QUEUED) & (other.id < Delivery.id)
    lane_is_busy = (
        sa.select(other.id)
        .where(other.lane == Delivery.lane, (other.state == DeliveryState.SENDING) | goes_first)
        .exists()
    )
    is_due = Delivery.not_before <= moment
    return Delivery.state == DeliveryState.QUEUED, is_due, (Delivery.lane == "") | ~lane_is_busy


def may_be_looked_up(moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Nobody knows whether it arrived, and the moment to look has come."""
    return Delivery.state == DeliveryState.UNSURE, Delivery.look_at <= moment


def _host(mails: str) -> sa.ColumnElement[str]:
    # Its tracker may be a mailbox that ideas are sent to; who carries the mail there is another.
    return sa.case((Delivery.kind == DeliveryKind.MAIL, mails), else_=sa.func.coalesce(Channel.host, Tracker.host, ""))


def _with_host(host: sa.ColumnElement[str], besides: Collection[int], without: Collection[str]) -> sa.Select[int, str]:
    return (
        sa.select(Delivery.id, host)
        .outerjoin(Channel, Channel.id == Delivery.channel_id)
        .outerjoin(Tracker, Tracker.id == Delivery.tracker_id)
        .where(Delivery.id.not_in(besides), host.not_in(without))
    )
