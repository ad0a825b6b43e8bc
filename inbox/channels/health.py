"""How a channel and its streams are: a success clears what was wrong, a blip is tried again later, the rest is loud."""

import random
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.models import Channel, ChannelState, Pause, Stream
from inbox.channels.rhythm import next_pause
from inbox.clock import now
from inbox.connectors.contract import ConnectorError, RateLimited, Refused
from inbox.live import publish

FIRST_PAUSE = 15.0
LONGEST_PAUSE = 3600.0
LONGEST_PATIENCE = 86_400.0


def succeeded(session: Session, stream: Stream, *, stored: int = 0, has_more: bool = False) -> None:
    """The poll came to its end with `stored` new messages, or stopped on the way (`has_more`): set the next turn."""
    moment, channel = now(), stream.channel
    recovered = bool(channel.last_error)
    _give_back(stream, moment + timedelta(seconds=next_pause(stream, stored=stored, has_more=has_more)))
    stream.failures = 0
    stream.last_error = ""
    stream.last_success_at = moment
    channel.last_success_at = moment
    session.flush()
    others = sa.select(Stream.id).where(Stream.channel_id == channel.id, Stream.last_error != "")
    if recovered and session.scalar(others.limit(1)) is None:
        channel.last_error = ""
        session.flush()
        publish(session, "channels", channel.id, state=channel.state)


def failed(session: Session, stream: Stream, error: ConnectorError) -> None:
    """The poll failed: a passing fault waits longer each time; what only a person can mend breaks the channel loudly."""
    moment, channel = now(), stream.channel
    if isinstance(error, RateLimited) and error.retry_after:
        _wait(session, stream, error.retry_after)
        return
    stream.failures += 1
    stream.last_error = error.sentence
    stream.pause = Pause.FAULT
    channel.last_error, channel.last_error_at = stream.last_error, moment
    _give_back(stream, moment + timedelta(seconds=_pause(stream.failures, error.retry_after)))
    session.flush()
    # What a platform refuses when asked for a list is an address or a right that is gone.
    if error.needs_person or isinstance(error, Refused):
        mark_broken(session, channel, error.sentence)
    publish(session, "channels", channel.id, state=channel.state)


def _wait(session: Session, stream: Stream, seconds: float) -> None:
    """A budget that is used up is no fault of anybody: go on where it stopped when there is a new one."""
    stream.pause = Pause.RATE
    _give_back(stream, now() + timedelta(seconds=min(max(seconds, 1.0) * random.uniform(1.0, 1.05), LONGEST_PATIENCE)))
    session.flush()
    publish(session, "channels", stream.channel_id, state=stream.channel.state)


def mark_broken(session: Session, channel: Channel, reason: str) -> None:
    """Say that a person must act; the channel is not polled until it is edited or resumed. Its cursors stay."""
    if channel.state == ChannelState.ACTIVE:
        record(session, "channel.broken", "channel", channel.id)
        channel.state = ChannelState.BROKEN
    channel.last_error = reason
    channel.last_error_at = now()
    session.flush()
    publish(session, "channels", channel.id, state=channel.state)


def _give_back(stream: Stream, due_at: datetime) -> None:
    stream.claim = ""
    stream.claimed_until = None
    stream.due_at = due_at


def _pause(failures: int, retry_after: float | None) -> float:
    pause = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE) * random.uniform(0.8, 1.2)
    return max(pause, min(max(retry_after or 0.0, 0.0), LONGEST_PATIENCE))
