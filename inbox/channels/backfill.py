"""Walks a channel's past from a date: a second row beside each stream, with a cursor of its own, polled like the others.

It goes on where it stopped, however often that is, tells how far it has come, and is gone when it has arrived.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.abilities import abilities
from inbox.channels.models import Channel, Stream
from inbox.clock import as_utc, now
from inbox.connectors.contract import N_, Batch
from inbox.database import insert_new
from inbox.jobs import Job, after_commit
from inbox.live import publish
from inbox.teams.models import Teammate

SUFFIX = " (past)"
GIVEN_ONCE = N_("The platform gives everything only once.")


class NoPast(ValueError):
    """The platform gives everything only once, so that there is nothing to walk through; the text says so."""


def backfill(session: Session, channel: Channel, since: datetime, *, by: Teammate) -> None:
    """Fetch what was written since then; what is known already is counted and changes nothing. Twice is once.

    Raises NoPast where the platform gives everything only once.
    """
    able = abilities(channel)
    if not able.keeps_past:
        raise NoPast(able.because.get("keeps_past", GIVEN_ONCE))
    streams = [stream for stream in channel.streams if not stream.past_of]
    rows = [
        {
            "channel_id": channel.id,
            "name": stream.name[: 200 - len(SUFFIX)] + SUFFIX,
            "past_of": stream.name,
            "every": stream.every,
            "since": since,
            "due_at": now(),
        }
        for stream in streams
    ]
    insert_new(session, Stream, rows, ["channel_id", "name"])
    record(session, "channel.backfill_started", "channel", channel.id, by=by, since=since.isoformat())
    after_commit(session, Job.POLL)
    publish(session, "channels", channel.id)


def stop_backfill(session: Session, channel: Channel, *, by: Teammate) -> None:
    """Leave the rest of the past where it is; what was fetched stays. A poll that is under way stores nothing more."""
    session.execute(sa.delete(Stream).where(Stream.channel_id == channel.id, Stream.past_of != ""))
    session.expire(channel, ["streams"])
    record(session, "channel.backfill_stopped", "channel", channel.id, by=by)
    publish(session, "channels", channel.id)


def walk(stream: Stream, batch: Batch) -> None:
    """Note how far a walk into the past has come with this batch; other streams walk nowhere."""
    if not stream.past_of:
        return
    moments = [as_utc(each.posted_at) for each in batch.messages if isinstance(each.posted_at, datetime)]
    stream.fetched += batch.fetched
    stream.oldest_at = min(filter(None, [stream.oldest_at, *moments]), default=None)
    stream.newest_at = max(filter(None, [stream.newest_at, *moments]), default=None)


def arrive(session: Session, stream: Stream) -> None:
    """The walk has come to the present: say so, and leave the rest to the stream itself."""
    record(session, "channel.backfilled", "channel", stream.channel_id, fetched=stream.fetched, stream=stream.past_of)
    publish(session, "channels", stream.channel_id)
    session.delete(stream)
    session.flush()


def walks(streams: Sequence[Stream]) -> list[Stream]:
    """Those of the streams that walk the past."""
    return [stream for stream in streams if stream.past_of]
