"""Messages whose turn it is to be asked for again: claimed by one worker, settled with what their platform said.

A claim is a lease: whoever dies gives the messages back by letting it run out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from inbox.channels.abilities import abilities
from inbox.channels.models import Channel, ChannelState
from inbox.channels.terms import kinds_asked_again, terms
from inbox.clock import now
from inbox.connectors.contract import Batch, Known
from inbox.conversations.ingest_brought import ingest_brought
from inbox.conversations.models import Message
from inbox.conversations.watch import keep_until, next_ask
from inbox.database import among, given, skip_locked

LEASE = timedelta(minutes=10)
AT_ONCE = 100
STREAM = "asked again"


@dataclass(frozen=True, slots=True)
class Asked:
    """Messages of one channel in a worker's hands; `at_once` of them go into one request."""

    channel: Channel
    ids: tuple[int, ...]
    known: tuple[Known, ...]
    at_once: int


def find_asks(
    session: Session, *, besides: Collection[int] = (), without: Collection[str] = ()
) -> Sequence[tuple[int, str]]:
    """Every channel with due messages, and its host, those that have waited longest first; nothing is claimed.

    None of the channels `besides`, and none of the hosts `without`.
    """
    rows = session.execute(
        sa.select(Channel.id, Channel.host)
        .join(Message, Message.channel_id == Channel.id)
        .where(*_due(now()), Channel.id.not_in(besides), Channel.host.not_in(without))
        .group_by(Channel.id, Channel.host)
        .order_by(sa.func.min(Message.ask_again_at))
    )
    return [(number, host) for number, host in rows]


def claim_asks(session: Session, channel_id: int) -> Asked | None:
    """Up to a hundred due messages of the channel, those that have waited longest; None when nothing is due any more."""
    moment = now()
    mine = (
        sa.select(Message)
        .join(Channel, Channel.id == Message.channel_id)
        .where(*_due(moment), Message.channel_id == channel_id)
        .order_by(Message.ask_again_at)
        .limit(AT_ONCE)
        .options(joinedload(Message.conversation, innerjoin=True))
    )
    messages = session.scalars(skip_locked(session, mine, Message)).all()
    if not messages:
        return None
    channel = session.get_one(Channel, channel_id)
    at_once = abilities(channel).refetches
    # A connection that may not ask is not asked; its terms run out by themselves.
    again = moment + LEASE if at_once else None
    _write(session, [message.id for message in messages], ask_again_at=again)
    known = tuple(Known(m.external_id or "", m.conversation.external_id, m.reply_handle) for m in messages)
    return Asked(channel, tuple(message.id for message in messages), known if at_once else (), max(at_once, 1))


def settle_asks(session: Session, asked: Asked, ids: Sequence[int], batch: Batch) -> None:
    """Store what the platform said of `ids`, set their next turn, and let their words stay as their terms say."""
    channel = session.get(Channel, asked.channel.id)
    if channel is None:
        return
    ingest_brought(session, channel, STREAM, batch)
    moment, retention = now(), terms(channel.kind)
    times = session.execute(
        sa.select(Message.id, Message.posted_at, Message.received_at).where(
            among(session, Message.id, ids), Message.deleted_at.is_(None)
        )
    )
    rows = [
        (number, next_ask(posted_at, moment, retention), keep_until(received_at, moment, retention))
        for number, posted_at, received_at in times
    ]
    columns = given(session, Message, ("id", "ask_again_at", "keep_until"), rows)
    session.execute(
        sa.update(Message)
        .where(Message.id == columns.c.id)
        .values(ask_again_at=columns.c.ask_again_at, keep_until=columns.c.keep_until, asked=Message.asked + 1)
        .execution_options(synchronize_session=False)
    )


def _due(moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        # Said although the comparison says it too: SQLite then sees that it may use the partial index.
        Message.ask_again_at.is_not(None),
        Message.ask_again_at <= moment,
        Channel.state == ChannelState.ACTIVE,
        Channel.is_sample.is_(False),
        Channel.kind.in_(kinds_asked_again()),
    )


def _write(session: Session, ids: Sequence[int], *, ask_again_at: datetime | None) -> None:
    session.execute(
        sa.update(Message)
        .where(among(session, Message.id, ids))
        .values(ask_again_at=ask_again_at)
        .execution_options(synchronize_session=False)
    )
