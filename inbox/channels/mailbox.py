"""The mailbox that digests and notices leave through when the operator has named no mail server."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel, ChannelState


def find_mailbox(session: Session) -> Channel | None:
    """The first e-mail channel, those that work before the others; None when there is none."""
    works_first = sa.case((Channel.state == ChannelState.ACTIVE.value, 0), else_=1)
    return session.scalar(
        sa.select(Channel)
        .where(Channel.kind == "email", Channel.is_sample.is_(False))
        .order_by(works_first, Channel.id)
        .limit(1)
    )
