"""When Trellis looks at a channel next, for the page of an inbox in which nothing has arrived yet."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, ChannelState, Stream


def next_look(session: Session) -> datetime | None:
    """The moment at which the next stream of an active channel is due, or None when none is polled."""
    return session.scalar(
        sa.select(sa.func.min(Stream.due_at))
        .join(Channel, Channel.id == Stream.channel_id)
        .where(Channel.state == ChannelState.ACTIVE)
    )
