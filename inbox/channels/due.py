"""Claims the streams whose turn it is. A claim is a lease: a worker that dies gives it back by letting it run out."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, ChannelState, Pause, Stream
from inbox.clock import now
from inbox.database import skip_locked

# Longer than any single answer a connector waits for, batch by batch renewed.
LEASE = timedelta(minutes=5)
SOON = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A stream that this worker polls now, with what the poll needs; `channel` is a row read in the claim."""

    stream_id: int
    name: str
    cursor: Mapping[str, Any] | None
    since: datetime | None
    claim: str
    channel: Channel


class ClaimLost(Exception):
    """The lease ran out and another worker has the stream, or its channel was paused, edited or removed."""


def claim_due(
    session: Session,
    *,
    limit: int,
    besides: Collection[int] = (),
    only: Collection[int] | None = None,
    without: Collection[int] = (),
) -> list[Claimed]:
    """Claim up to `limit` due streams of active channels, those that have waited longest first.

    None of the streams `besides`; of the channels, `only` these, or any `without` those.
    """
    moment = now()
    free = sa.or_(Stream.claimed_until.is_(None), Stream.claimed_until < moment)
    query = (
        sa.select(Stream)
        .join(Channel, Channel.id == Stream.channel_id)
        .where(Stream.due_at <= moment, free, Channel.state == ChannelState.ACTIVE, Stream.id.not_in(besides))
        .where(Channel.id.not_in(without), sa.true() if only is None else Channel.id.in_(only))
        .order_by(Stream.due_at)
        .limit(limit)
    )
    streams = session.scalars(skip_locked(session, query, Stream)).all()
    for stream in streams:
        stream.claim = secrets.token_hex(16)
        stream.claimed_until = moment + LEASE
        stream.last_polled_at = moment
    session.flush()
    return [
        Claimed(each.id, each.past_of or each.name, each.cursor, each.since, each.claim, each.channel)
        for each in streams
    ]


def hold(session: Session, claimed: Claimed) -> Stream:
    """The claimed stream's row, locked and its lease renewed. Raises ClaimLost: then nothing may be written for it."""
    stream = session.get(Stream, claimed.stream_id, with_for_update=True, populate_existing=True)
    if stream is None or stream.claim != claimed.claim:
        raise ClaimLost(f"stream {claimed.stream_id} is polled by somebody else now")
    stream.claimed_until = now() + LEASE
    return stream


def poll_now(session: Session, channel: Channel) -> None:
    """Make every stream of the channel due at once, and let it find its rhythm anew."""
    _bring_forward(session, Stream.channel_id == channel.id, due_at=now(), pause=Pause.ASKED, failures=0)


def poll_soon(session: Session, channel: Channel) -> None:
    """A delivery has arrived: whether others are missing is looked up within a minute, however quiet the stream was."""
    soon = now() + SOON
    # What waits for a platform's patience goes on waiting.
    patient = Stream.pause.in_([Pause.RATE, Pause.FAULT])
    _bring_forward(
        session, Stream.channel_id == channel.id, Stream.due_at > soon, ~patient, due_at=soon, pause=Pause.WEBHOOK
    )


def _bring_forward(session: Session, *which: sa.ColumnElement[bool], **values: Any) -> None:
    query = sa.update(Stream).where(*which).values(pause_seconds=None, **values)
    session.execute(query.execution_options(synchronize_session="fetch"))
