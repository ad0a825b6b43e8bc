"""The words behind ideas: what was said, by whom, where and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Message
from inbox.ideas.models import Evidence
from inbox.members.models import Identity


@dataclass(frozen=True, slots=True)
class Quote:
    """One piece of evidence as a page shows it. `words` are empty once the message was deleted at its source."""

    evidence_id: int
    idea_id: int
    message_id: int
    conversation_id: int
    words: str
    author: str
    member_id: int | None
    is_us: bool
    said_at: datetime
    url: str
    channel_id: int
    channel_name: str
    channel_kind: str
    language: str
    is_deleted: bool
    of_idea: int  # how many quotes the idea has


def quotes(
    session: Session,
    idea_ids: Collection[int],
    *,
    each: int = 1,
    before: int | None = None,
    deleted_last: bool = True,
) -> dict[int, list[Quote]]:
    """The newest `each` quotes of each idea, below evidence id `before`, by idea id, in one statement.

    With `deleted_last` a card shows something people still stand by; a list that goes on `before` keeps to the order.
    """
    if not idea_ids:
        return {}
    order = (*((Message.deleted_at.is_not(None),) if deleted_last else ()), Evidence.id.desc())
    ranked = (
        select(
            Evidence.id.label("evidence_id"),
            func.row_number().over(partition_by=Evidence.idea_id, order_by=order).label("place"),
            func.count().over(partition_by=Evidence.idea_id).label("of_idea"),
        )
        .join(Message, Message.id == Evidence.message_id)
        .where(Evidence.idea_id.in_(idea_ids))
    )
    if before is not None:
        ranked = ranked.where(Evidence.id < before)
    best = ranked.subquery()
    rows = session.execute(
        select(Evidence, Message, Identity, Channel.name, Channel.kind, best.c.of_idea)
        .join(best, best.c.evidence_id == Evidence.id)
        .join(Message, Message.id == Evidence.message_id)
        .join(Channel, Channel.id == Message.channel_id)
        .outerjoin(Identity, Identity.id == Message.identity_id)
        .where(best.c.place <= each)
        .order_by(Evidence.idea_id, best.c.place)
    )
    found: dict[int, list[Quote]] = {}
    for evidence, message, identity, channel_name, channel_kind, of_idea in rows:
        quote = _quote(evidence, message, identity, channel_name, channel_kind, of_idea)
        found.setdefault(evidence.idea_id, []).append(quote)
    return found


def _quote(
    evidence: Evidence, message: Message, identity: Identity | None, channel_name: str, channel_kind: str, of_idea: int
) -> Quote:
    is_deleted = message.deleted_at is not None
    return Quote(
        evidence_id=evidence.id,
        idea_id=evidence.idea_id,
        message_id=message.id,
        conversation_id=message.conversation_id,
        words="" if is_deleted else evidence.quote,
        author="" if is_deleted or identity is None else identity.name or identity.handle,
        member_id=evidence.member_id,
        is_us=bool(identity and identity.is_us),
        said_at=message.posted_at,
        url=message.url,
        channel_id=message.channel_id,
        channel_name=channel_name,
        channel_kind=channel_kind,
        language=message.language,
        is_deleted=is_deleted,
        of_idea=of_idea,
    )
