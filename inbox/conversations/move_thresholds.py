"""Moves thresholds for the whole team; what waits and nobody has corrected is sorted by them at once."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.retag import retag
from inbox.labels.lanes import Lane
from inbox.labels.models import Label, Tag, Threshold
from inbox.labels.sort_again import sort_again
from inbox.live import publish
from inbox.teams.models import Teammate

LOWEST = 0.01
NEVER = 1.0
"""A threshold that no probability reaches: the lane stays empty."""


class CannotMove(ValueError):
    """The thresholds make no sense. The text is an English message id."""


def move_thresholds(session: Session, language: str, lanes: Mapping[Tag, Lane | None], *, by: Teammate) -> int:
    """Let these lanes be in force (None: the model's again); how many waiting messages have other tags now.

    A fixed number of statements, however many messages wait. Raises CannotMove.
    """
    if any(lane and not LOWEST <= lane.suggest <= lane.automatic <= NEVER for lane in lanes.values()):
        raise CannotMove(
            N_("A tag is proposed from a lower threshold than it is set automatically; both lie between 1 and 100%.")
        )
    rows = session.scalars(sa.select(Threshold).where(Threshold.language == language).with_for_update()).all()
    moved = [row for row in rows if row.label in lanes and _move(row, lanes[Tag(row.label)], by)]
    if not moved:
        return 0
    session.flush()
    record(session, "thresholds.moved", "workspace", 1, by=by, language=language, labels=[row.label for row in moved])
    # Conversations are locked before labels, in the order of their ids: as every writer does.
    session.scalars(
        sa.select(Conversation.id)
        .where(Conversation.waiting_since.is_not(None))
        .order_by(Conversation.id)
        .with_for_update()
    ).all()
    changed = sort_again(session, Label.language == language, Label.message_id.in_(_waiting()))
    conversations = retag(session, changed)
    if conversations:
        publish(session, "conversations", *conversations[:200], labelled=True)
    return len(changed)


def _move(row: Threshold, lane: Lane | None, by: Teammate) -> bool:
    wanted = lane or Lane(row.model_automatic, row.model_suggest)
    if (row.automatic, row.suggest) == (wanted.automatic, wanted.suggest) and (lane or row.moved_at is None):
        return False
    row.automatic, row.suggest = wanted.automatic, wanted.suggest
    row.moved_at, row.moved_by_id = (now(), by.id) if lane else (None, None)
    return True


def _waiting() -> sa.Select[int]:
    return (
        sa.select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.waiting_since.is_not(None),
            Message.posted_at >= Conversation.waiting_since,
            Message.direction == Direction.IN.value,
            Message.deleted_at.is_(None),
        )
    )
