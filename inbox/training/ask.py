"""The messages of a round as they are asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Message
from inbox.database import among
from inbox.labels.models import Label
from inbox.members.models import Identity
from inbox.training.teachable import readable, with_author

LONGEST = 3_000


@dataclass(frozen=True, slots=True)
class Question:
    """A message to be judged by a person; what a model thinks of it is not said, so that nobody only agrees.

    `text` ends after LONGEST characters; `is_cut` says that more was written.
    """

    message_id: int
    conversation_id: int
    text: str
    is_cut: bool
    language: str
    author_name: str
    subject: str
    posted_at: datetime
    channel_kind: str
    channel_name: str
    is_sample: bool


def ask(session: Session, message_ids: Sequence[int]) -> list[Question]:
    """Those of the messages that can still be judged, in the order given, in one statement.

    Not those deleted, forgotten or judged by a person meanwhile.
    """
    query = sa.select(
        Message.id,
        Message.conversation_id,
        sa.func.substr(Message.text, 1, LONGEST),
        sa.func.length(Message.text) > LONGEST,
        Message.language,
        sa.func.coalesce(sa.func.nullif(Identity.name, ""), Identity.handle, ""),
        Conversation.subject,
        Message.posted_at,
        Channel.kind,
        Channel.name,
        Channel.is_sample,
    ).join(Label, Label.message_id == Message.id)
    query = with_author(query).join(Conversation, Conversation.id == Message.conversation_id)
    rows = session.execute(
        query.where(among(session, Message.id, message_ids), readable(), Label.corrected_by_id.is_(None))
    )
    found = {row[0]: Question(*row) for row in rows}
    return [found[message_id] for message_id in message_ids if message_id in found]
