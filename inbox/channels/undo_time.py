"""How long what leaves through a channel can be taken back: its own time, else that of the house."""

from inbox.channels.models import Channel
from inbox.config import Settings


def undo_seconds(channel: Channel, settings: Settings) -> int:
    """Seconds that an answer or an act waits before it leaves."""
    return settings.undo_seconds if channel.undo_seconds is None else channel.undo_seconds
