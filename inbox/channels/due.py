"""Claims the streams whose turn it is. A claim is a lease: a worker that dies gives it back by letting it run out."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, ChannelState, Pause, Stream
from inbox.clock import now
from inbox.database import among, skip_locked

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


def find_due(
    session: Session, *, besides: Collection[int] = (), without: Collection[str] = ()
) -> Sequence[tuple[int, str]]:
    """Every due stream that nobody has, with its host, those that have waited longest first; nothing is claimed.

    None of the streams `besides`, and none of the hosts `without`.
    """
    rows = session.execute(
        sa.select(Stream.id, Channel.host)
        .join(Channel, Channel.id == Stream.channel_id)
        .where(*_waiting(now()), Stream.id.not_in(besides), Channel.host.not_in(without))
        .order_by(Stream.due_at, Stream.id)
    )
    return [(number, host) for number, host in rows]


def claim(session: Session, ids: Collection[int]) -> list[Claimed]:
    """Claim those of these streams that are still due and nobody's."""
    moment = now()
    query = sa.select(Stream).join(Channel, Channel.id == Stream.channel_id)
    query = query.where(among(session, Stream.id, ids), *_waiting(moment)).order_by(Stream.due_at, Stream.id)
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


def give_back(session: Session, claims: Iterable[Claimed]) -> None:
    """Let others have these streams at once. Whoever still reads them here stores nothing more."""
    query = sa.update(Stream).where(among(session, Stream.claim, [each.claim for each in claims]))
    session.execute(query.values(claim="", claimed_until=None).execution_options(synchronize_session=False))


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


def _waiting(moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    free = sa.or_(Stream.claimed_until.is_(None), Stream.claimed_until < moment)
    return Stream.due_at <= moment, free, Channel.state == ChannelState.ACTIVE


def _bring_forward(session: Session, *which: sa.ColumnElement[bool], **values: Any) -> None:
    query = sa.update(Stream).where(*which).values(pause_seconds=None, **values)
    session.execute(query.execution_options(synchronize_session="fetch"))
