"""Changes a channel that is connected: its settings, its name, its undo time, whether it listens. History and cursors stay."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.check import Checked
from inbox.channels.connect import add_streams, keep_checked, require_free, streams_of
from inbox.channels.due import poll_now
from inbox.channels.models import Channel, ChannelState, Stream
from inbox.channels.setup import keep_setup
from inbox.config import LONGEST_UNDO, Settings
from inbox.connectors.contract import Setup
from inbox.jobs import Job, after_commit
from inbox.live import publish
from inbox.teams.models import Teammate
from inbox.text import clean_key, one_line
from inbox.vault import Vault


class OtherAccount(ValueError):
    """The new settings lead to another account; its messages belong to a channel of their own."""


def edit(
    session: Session,
    vault: Vault,
    settings: Settings,
    channel: Channel,
    setup: Setup,
    checked: Checked | None = None,
    *,
    is_waiting: bool = False,
    by: Teammate | None = None,
) -> None:
    """Reconnect with other settings and listen again, from where it had stopped. Raises OtherAccount.

    One that `is_waiting` has lost its permission with the change and listens after its next sign-in.
    """
    require_same(channel, checked)
    hold_streams(session, channel)
    keep_setup(vault, channel, setup)
    keep_checked(vault, channel, checked)
    if is_waiting:
        _wait(session, channel)
    else:
        listen(session, channel)
    add_streams(session, channel, streams_of(channel.kind, setup, settings), _since(session, channel))
    record(session, "channel.edited", "channel", channel.id, by=by)


def require_same(channel: Channel, checked: Checked | None) -> None:
    """Raises OtherAccount when another account answers than the one whose messages are here."""
    found = clean_key(checked.account.external_id) if checked else ""
    if found and channel.account_id and found != channel.account_id:
        raise OtherAccount(checked.account.name if checked else "")


def rename(session: Session, channel: Channel, name: str, *, by: Teammate | None = None) -> None:
    """Give it another name. Raises NameTaken; an empty name changes nothing."""
    label = one_line(name, 200)
    if not label or label == channel.name:
        return
    require_free(session, label, besides=channel.id)
    before, channel.name = channel.name, label
    session.flush()
    record(session, "channel.renamed", "channel", channel.id, by=by, before=before)


def change_undo_time(session: Session, channel: Channel, seconds: int | None, *, by: Teammate | None = None) -> None:
    """What is sent from now on can be taken back for so long; None leaves it to the house. Raises ValueError outside 0 to 600."""
    if seconds is not None and not 0 <= seconds <= LONGEST_UNDO:
        raise ValueError(seconds)
    if seconds == channel.undo_seconds:
        return
    before, channel.undo_seconds = channel.undo_seconds, seconds
    session.flush()
    record(session, "channel.undo_time_changed", "channel", channel.id, by=by, before=before, after=seconds)


def pause(session: Session, channel: Channel, *, by: Teammate | None = None) -> None:
    """Stop listening. A poll that is under way stores nothing more."""
    if channel.state in (ChannelState.PAUSED, ChannelState.WAITING):
        return
    hold_streams(session, channel)
    channel.state = ChannelState.PAUSED
    session.execute(
        sa.update(Stream)
        .where(Stream.channel_id == channel.id)
        .values(claim="", claimed_until=None)
        .execution_options(synchronize_session="fetch")
    )
    session.flush()
    record(session, "channel.paused", "channel", channel.id, by=by)
    publish(session, "channels", channel.id, state=channel.state)


def resume(session: Session, channel: Channel, *, by: Teammate | None = None) -> None:
    """Listen again, from where it had stopped: also what was written meanwhile is fetched."""
    if channel.state in (ChannelState.ACTIVE, ChannelState.WAITING):
        return
    hold_streams(session, channel)
    listen(session, channel)
    record(session, "channel.resumed", "channel", channel.id, by=by)


def remove(session: Session, channel: Channel, *, by: Teammate | None = None) -> None:
    """Remove the channel with everything that came by it. There is no way back."""
    hold_streams(session, channel)
    record(session, "channel.removed", "channel", channel.id, by=by, kind=channel.kind)
    publish(session, "channels", channel.id, state="removed")
    session.execute(sa.delete(Channel).where(Channel.id == channel.id))
    session.expunge(channel)


def hold_streams(session: Session, channel: Channel) -> None:
    """Lock the streams before the channel, as a poll does; the other way round each could wait for the other."""
    session.execute(sa.select(Stream.id).where(Stream.channel_id == channel.id).order_by(Stream.id).with_for_update())


def listen(session: Session, channel: Channel) -> None:
    channel.state = ChannelState.ACTIVE
    channel.last_error = ""
    poll_now(session, channel)
    session.flush()
    after_commit(session, Job.POLL)
    publish(session, "channels", channel.id, state=channel.state)


def _wait(session: Session, channel: Channel) -> None:
    channel.state = ChannelState.WAITING
    channel.last_error, channel.scopes, channel.signed_in_until = "", "", None
    session.flush()
    publish(session, "channels", channel.id, state=channel.state)


def _since(session: Session, channel: Channel) -> datetime | None:
    return session.scalar(sa.select(sa.func.min(Stream.since)).where(Stream.channel_id == channel.id))
