"""What a person should know at once: a channel that needs them, work that piles up, a doorbell that is silent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any

import redis
from flask import url_for
from flask_babel import format_date, gettext, ngettext
from sqlalchemy import ColumnElement, Exists, func, or_, select
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, ChannelState, Stream
from inbox.channels.permission import WARNED
from inbox.clock import now
from inbox.conversations.models import Direction, Message
from inbox.digests.lost import lost_ids
from inbox.jobs import is_working
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState

LATE = timedelta(minutes=5)
FRESH_SECONDS = 10.0
GRACE_SECONDS = 60.0


@dataclass(frozen=True)
class Trouble:
    """One line of the banner, with the place where it can be mended."""

    words: str
    address: str = ""


@dataclass(frozen=True)
class Facts:
    """What was counted: channels that need somebody by name, and rows that should have been worked on minutes ago."""

    broken: Sequence[tuple[int, str]]
    ending: Sequence[tuple[int, str, datetime]]
    unsure: int
    lost: int
    late: int
    doorbell: bool
    works: bool = True


_opened_at = monotonic()
_lock = Lock()
_known: dict[str, tuple[float, Facts]] = {}


def find_trouble(session: Session, key: str) -> list[Trouble]:
    """The lines to show, at most ten seconds old; `key` names the database, so that two apps in one process differ."""
    with _lock:
        then, facts = _known.get(key, (0.0, None))
        if facts is None or monotonic() - then > FRESH_SECONDS:
            facts = count(session)
            _known[key] = (monotonic(), facts)
    return list(_lines(facts))


def count(session: Session) -> Facts:
    """Look at the database in two statements, and ring once."""
    needing = session.execute(
        select(Channel.id, Channel.name, Channel.state, Channel.signed_in_until)
        .where(or_(Channel.state == ChannelState.BROKEN, Channel.signed_in_until < now() + WARNED))
        .order_by(Channel.name)
        .limit(5)
    ).all()
    since = now() - LATE
    unlabelled = _any(
        Message.id,
        Message.labelled_at.is_(None),
        Message.direction == Direction.IN,
        Message.deleted_at.is_(None),
        Message.received_at < since,
    )
    unsent = _any(
        Delivery.id, Delivery.state == DeliveryState.QUEUED, Delivery.not_before < since, Delivery.attempts == 0
    )
    unpolled = _any(
        Stream.id,
        Stream.due_at < since - LATE,
        Stream.claimed_until.is_(None),
        # What is paused or broken is not read, and nobody's delay.
        Stream.channel.has(Channel.state == ChannelState.ACTIVE),
    )
    is_unsure_answer = (Delivery.state == DeliveryState.UNSURE) & (Delivery.kind == DeliveryKind.REPLY)
    unsure = select(func.count()).select_from(Delivery).where(is_unsure_answer).scalar_subquery()
    lost = select(func.count()).select_from(lost_ids().subquery()).scalar_subquery()
    row = session.execute(select(unlabelled, unsent, unpolled, unsure, lost)).one()
    broken = [(each.id, each.name) for each in needing if each.state == ChannelState.BROKEN]
    ending = [(each.id, each.name, each.signed_in_until) for each in needing if each.state != ChannelState.BROKEN]
    return Facts(broken, ending, int(row[3]), int(row[4]), sum(bool(found) for found in row[:3]), *_rings())


def _any(column: Any, *conditions: ColumnElement[bool]) -> Exists:
    return select(column).where(*conditions).limit(1).exists()


def _rings() -> tuple[bool, bool]:
    """Whether Valkey answers, and whether somebody works; a house that has just been opened gets its minute."""
    try:
        return True, is_working() or monotonic() - _opened_at < GRACE_SECONDS
    except redis.RedisError:
        return False, True


def _lines(facts: Facts) -> Iterator[Trouble]:
    for channel_id, name in facts.broken:
        yield Trouble(
            gettext("%(channel)s needs you: it cannot be read.", channel=name),
            url_for("channels.show", channel_id=channel_id),
        )
    for channel_id, name, until in facts.ending:
        yield Trouble(
            gettext("The permission of %(channel)s must be renewed by %(day)s.", channel=name, day=format_date(until)),
            url_for("channels.show", channel_id=channel_id),
        )
    if facts.unsure:
        yield Trouble(
            gettext("It is not certain whether some answers arrived. Please look."),
            url_for("conversations.index", view="unsure_sent"),
        )
    if facts.lost:
        yield Trouble(
            ngettext("A digest did not reach its reader.", "%(num)d digests did not reach their readers.", facts.lost),
            url_for("digests.index"),
        )
    if not facts.doorbell:
        yield Trouble(
            gettext("Valkey does not answer. Nothing is lost, but everything takes longer; the log says why.")
        )
    elif not facts.works:
        yield Trouble(
            gettext(
                "Nothing has been done for a minute: the worker or the scheduler stands still. Start Trellis again."
            )
        )
    elif facts.late:
        yield Trouble(gettext("The worker has not kept up for five minutes. Check that it is running."))
