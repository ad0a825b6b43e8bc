"""The numbers of one ISO week, and the rows behind them. Sample data counts only when asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, ConversationState, Direction, Message
from inbox.ideas.models import Evidence, Idea, IdeaState
from inbox.insights.week import Week
from inbox.labels.models import LABELS, Label, Tag
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState

TREND_WEEKS = 8
LISTED = 5
DECISIONS = (IdeaState.PLANNED, IdeaState.BUILDING, IdeaState.SHIPPED, IdeaState.DECLINED)


@dataclass(frozen=True)
class IdeaOfTheWeek:
    """An idea with how many people spoke for it this week, and ever."""

    idea_id: int
    people_this_week: int
    people: int


@dataclass(frozen=True)
class WeekNumbers:
    """What was asked, answered and decided. Rows are named by id, so that what is deleted later is not repeated."""

    week: str
    received: int
    received_before: int
    tags: dict[str, int]
    answered: int
    waiting: int
    open_questions: int
    open_question_ids: list[int]
    top_ideas: list[IdeaOfTheWeek]
    decided_ideas: list[int]
    complaints: list[tuple[str, int]]
    trolls: int
    troll_acts: int


def week_numbers(session: Session, week: Week, *, samples: bool = False) -> WeekNumbers:
    """Count the week in a fixed number of statements."""
    real = true() if samples else Channel.is_sample.is_(False)
    tags = _received_by_tag(session, week, real)
    waiting, open_questions = _waiting(session, real)
    return WeekNumbers(
        week=week.name,
        received=tags.pop("all"),
        received_before=tags.pop("before"),
        tags=tags,
        answered=_answered(session, week, real),
        waiting=waiting,
        open_questions=open_questions,
        open_question_ids=_oldest_questions(session, real) if open_questions else [],
        top_ideas=_top_ideas(session, week, samples),
        decided_ideas=_decided(session, week, samples),
        complaints=_complaint_trend(session, week, real),
        trolls=tags[Tag.TROLL],
        troll_acts=_acts(session, week, real),
    )


def _during(week: Week, column: Any) -> ColumnElement[bool]:
    return and_(column >= week.begins, column < week.ends)


def _received_by_tag(session: Session, week: Week, real: ColumnElement[bool]) -> dict[str, int]:
    this, last = _during(week, Message.posted_at), _during(week.before(1), Message.posted_at)
    columns = [func.count().filter(this).label("all"), func.count().filter(last).label("before")]
    columns += [func.count().filter(this, Label.primary == tag).label(tag.value) for tag in LABELS]
    row = session.execute(
        select(*columns)
        .select_from(Message)
        .join(Channel)
        .outerjoin(Label, Label.message_id == Message.id)
        .where(_from_outside(), Message.posted_at >= week.before(1).begins, Message.posted_at < week.ends, real)
    ).one()
    return {name: int(value) for name, value in row._mapping.items()}


def _from_outside() -> ColumnElement[bool]:
    return and_(Message.direction == Direction.IN, Message.is_automatic.is_(False))


def _answered(session: Session, week: Week, real: ColumnElement[bool]) -> int:
    return session.scalars(
        select(func.count(Message.conversation_id.distinct()))
        .join(Channel)
        .outerjoin(Delivery, Delivery.id == Message.delivery_id)
        .where(
            Message.direction == Direction.OUT,
            _during(week, Message.posted_at),
            (Delivery.id.is_(None)) | (Delivery.state == DeliveryState.SENT),
            real,
        )
    ).one()


def _waiting(session: Session, real: ColumnElement[bool]) -> tuple[int, int]:
    row = session.execute(
        select(func.count(), func.count().filter(Conversation.tag == Tag.QUESTION))
        .select_from(Conversation)
        .join(Channel)
        .where(*_unanswered(), real)
    ).one()
    return int(row[0]), int(row[1])


def _unanswered() -> Sequence[ColumnElement[bool]]:
    return (Conversation.state == ConversationState.OPEN, Conversation.waiting_since.is_not(None))


def _oldest_questions(session: Session, real: ColumnElement[bool]) -> list[int]:
    return list(
        session.scalars(
            select(Conversation.id)
            .join(Channel)
            .where(*_unanswered(), Conversation.tag == Tag.QUESTION, real)
            .order_by(Conversation.waiting_since, Conversation.id)
            .limit(LISTED)
        )
    )


def _top_ideas(session: Session, week: Week, samples: bool) -> list[IdeaOfTheWeek]:
    people = func.count(Evidence.member_id.distinct())
    rows = session.execute(
        select(Idea.id, people, Idea.people)
        .join(Evidence, Evidence.idea_id == Idea.id)
        .join(Message, Message.id == Evidence.message_id)
        .where(_during(week, Evidence.created_at), Message.deleted_at.is_(None), *_counted(samples))
        .group_by(Idea.id, Idea.people)
        .order_by(people.desc(), Idea.people.desc(), Idea.id)
        .limit(LISTED)
    )
    return [IdeaOfTheWeek(*row) for row in rows]


def _decided(session: Session, week: Week, samples: bool) -> list[int]:
    return list(
        session.scalars(
            select(Idea.id)
            .where(Idea.state.in_(DECISIONS), _during(week, Idea.state_changed_at), *_counted(samples))
            .order_by(Idea.state_changed_at, Idea.id)
            .limit(20)
        )
    )


def _counted(samples: bool) -> Sequence[ColumnElement[bool]]:
    return (Idea.merged_into_id.is_(None), true() if samples else Idea.is_sample.is_(False))


def _complaint_trend(session: Session, week: Week, real: ColumnElement[bool]) -> list[tuple[str, int]]:
    weeks = [week.before(back) for back in range(TREND_WEEKS - 1, -1, -1)]
    row = session.execute(
        select(*(func.count().filter(_during(one, Message.posted_at)) for one in weeks))
        .select_from(Message)
        .join(Channel)
        .join(Label, Label.message_id == Message.id)
        .where(
            _from_outside(),
            Label.primary == Tag.COMPLAINT,
            Message.posted_at >= weeks[0].begins,
            Message.posted_at < week.ends,
            real,
        )
    ).one()
    return [(one.name, int(count)) for one, count in zip(weeks, row, strict=True)]


def _acts(session: Session, week: Week, real: ColumnElement[bool]) -> int:
    return session.scalars(
        select(func.count())
        .select_from(Delivery)
        .join(Channel)
        .where(
            Delivery.kind == DeliveryKind.ACT,
            Delivery.state == DeliveryState.SENT,
            _during(week, Delivery.settled_at),
            real,
        )
    ).one()
