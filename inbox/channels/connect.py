"""Connects a place to listen to. Its streams are due at once; what was written before `since` is not fetched."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.check import Checked
from inbox.channels.models import Channel, ChannelState, Stream
from inbox.channels.open import NoMemory, memory_name, surroundings
from inbox.channels.setup import keep_setup
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import Setup, StreamSpec
from inbox.connectors.lenient import web_address
from inbox.connectors.registry import channel_connector
from inbox.database import insert
from inbox.jobs import Job, after_commit
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.text import clean_key, one_line
from inbox.vault import Vault


class NameTaken(ValueError):
    """Another channel has this name; choose a different one."""


def connect(
    session: Session,
    vault: Vault,
    settings: Settings,
    kind: str,
    name: str,
    setup: Setup,
    checked: Checked | None = None,
    *,
    since: datetime | None = None,
    language: str = "",
    is_waiting: bool = False,
    by: Teammate | None = None,
) -> Channel:
    """A new channel with its streams; `checked` is what `check` found. One that `is_waiting` for its sign-in does not listen.

    Raises NameTaken, or KeyError for an unknown kind.
    """
    chosen = one_line(name, 200)
    label = chosen or _numbered(session, (checked.account.name if checked else "") or channel_connector(kind).label)
    require_free(session, label)
    state = ChannelState.WAITING if is_waiting else ChannelState.ACTIVE
    channel = Channel(kind=kind, name=label, language=language, state=state)
    session.add(channel)
    session.flush()
    keep_setup(vault, channel, setup)
    keep_checked(vault, channel, checked)
    add_streams(session, channel, streams_of(kind, setup, settings), since)
    record(session, "channel.connected", "channel", channel.id, by=by, kind=kind)
    after_commit(session, Job.POLL)
    publish(session, "channels", channel.id, state=channel.state)
    return channel


def name_after(session: Session, channel: Channel, name: str) -> None:
    """Name a channel that bears its kind's name after its account, now that this is known, unless another one does."""
    label = one_line(name, 200)
    is_free = session.scalar(sa.select(Channel.id).where(Channel.name == label)) is None
    if label and is_free and channel.name == channel_connector(channel.kind).label:
        channel.name = label


def _numbered(session: Session, name: str) -> str:
    """`name`, or with the first number that is free: nobody chose it, so nobody must choose another."""
    taken = set(session.scalars(sa.select(Channel.name).where(Channel.name.startswith(name, autoescape=True))))
    if name not in taken:
        return name
    return next(label for number in count(2) if (label := f"{name} ({number})") not in taken)


def require_free(session: Session, name: str, *, besides: int | None = None) -> None:
    """Raises NameTaken when another channel has this name."""
    holder = session.scalar(sa.select(Channel.id).where(Channel.name == name))
    if holder is not None and holder != besides:
        raise NameTaken(name)


def keep_checked(vault: Vault, channel: Channel, checked: Checked | None) -> None:
    """Remember whose account it is, what may be done there, and what the connector noted while it looked."""
    if checked is None or checked.memory is not None:
        # What was kept of an older session belongs to the older credentials.
        noted = checked.memory if checked else None
        channel.memory = vault.seal(noted, row=memory_name(channel.id)) if noted else None
    if checked is not None:
        keep_account(channel, checked)


def keep_account(channel: Channel, checked: Checked) -> None:
    """Remember whose account it is, and what may be done there."""
    channel.account_name = one_line(checked.account.name, 300)
    channel.account_id = clean_key(checked.account.external_id)
    # The server says it, and it becomes a link: nothing that a browser would run.
    channel.account_url = web_address(one_line(checked.account.url, 2_000))
    channel.abilities = checked.abilities or None


def streams_of(kind: str, setup: Setup, settings: Settings) -> Sequence[StreamSpec]:
    """The streams a connection with these settings has; none where messages are brought to us."""
    connector = channel_connector(kind)
    return connector(setup, surroundings(NoMemory(), settings)).streams() if connector.capabilities.polls else ()


def add_new_streams(session: Session, channel: Channel, specs: Sequence[StreamSpec]) -> None:
    """Add streams that a newer version of the connector has; those that are there keep their cursors and turns."""
    known = {stream.name for stream in channel.streams}
    since = min((stream.since for stream in channel.streams if stream.since), default=None)
    add_streams(session, channel, [spec for spec in specs if spec.name not in known], since)


def add_streams(session: Session, channel: Channel, specs: Sequence[StreamSpec], since: datetime | None) -> None:
    """Add the streams that the channel does not have yet, due now; those it has keep their cursors."""
    moment = now()
    for spec in specs:
        query = insert(session, Stream).values(
            channel_id=channel.id, name=spec.name, every=spec.every, since=since, due_at=moment
        )
        session.execute(
            query.on_conflict_do_update(
                index_elements=["channel_id", "name"], set_={"every": spec.every, "due_at": moment, "failures": 0}
            )
        )
