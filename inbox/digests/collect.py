"""The frozen answer to "what happened last week", and the words of its rows as they are today."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Message
from inbox.ideas.models import Evidence, Idea
from inbox.insights.week import Week, week_named
from inbox.insights.week_numbers import week_numbers
from inbox.text import one_line

QUOTE = 160


@dataclass(frozen=True)
class IdeaLine:
    """An idea in a digest."""

    id: int
    title: str
    state: str
    people_this_week: int
    people: int
    quote: str


@dataclass(frozen=True)
class QuestionLine:
    """A question that waits."""

    id: int
    words: str
    channel: str
    waiting_since: datetime | None


@dataclass(frozen=True)
class Issue:
    """One digest as it can be written down: the snapshot's numbers with today's words. What was deleted is left out."""

    week: str
    monday: date
    sunday: date
    received: int
    received_before: int
    tags: dict[str, int]
    answered: int
    waiting: int
    open_questions: int
    trolls: int
    troll_acts: int
    top_ideas: list[IdeaLine]
    decided: list[IdeaLine]
    questions: list[QuestionLine]
    complaints: list[tuple[str, int]]
    has_samples: bool


def collect(session: Session, week: Week, *, samples: bool = False) -> dict[str, Any]:
    """The snapshot of a week: plain JSON with numbers and ids, no words of anybody."""
    return {**asdict(week_numbers(session, week, samples=samples)), "time_zone": week.time_zone, "samples": samples}


def is_empty(snapshot: dict[str, Any]) -> bool:
    """Whether nothing happened, so that nobody is written to."""
    return not any(snapshot[key] for key in ("received", "answered", "top_ideas", "decided_ideas", "troll_acts"))


def read(session: Session, snapshot: dict[str, Any]) -> Issue:
    """The snapshot with the words that its rows have today, in three statements."""
    week = week_named(snapshot["week"], snapshot["time_zone"])
    this_week = {line["idea_id"]: line for line in snapshot["top_ideas"]}
    ideas = _ideas(session, [*this_week, *snapshot["decided_ideas"]])
    quotes = _quotes(session, list(this_week))
    return Issue(
        **{name: snapshot[name] for name in _COPIED},
        week=week.name,
        monday=week.monday,
        sunday=week.sunday,
        complaints=[(name, count) for name, count in snapshot["complaints"]],
        top_ideas=[
            IdeaLine(idea.id, idea.title, idea.state, line["people_this_week"], line["people"], quotes.get(idea.id, ""))
            for idea_id, line in this_week.items()
            if (idea := ideas.get(idea_id))
        ],
        decided=[
            IdeaLine(idea.id, idea.title, idea.state, 0, idea.people, "")
            for idea_id in snapshot["decided_ideas"]
            if (idea := ideas.get(idea_id))
        ],
        questions=_questions(session, snapshot["open_question_ids"]),
        has_samples=snapshot["samples"],
    )


_COPIED = ("received", "received_before", "tags", "answered", "waiting", "open_questions", "trolls", "troll_acts")


def _ideas(session: Session, ids: list[int]) -> dict[int, Idea]:
    return {idea.id: idea for idea in session.scalars(select(Idea).where(Idea.id.in_(ids)))} if ids else {}


def _quotes(session: Session, ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = session.execute(
        select(Evidence.idea_id, Evidence.quote)
        .join(Message, Message.id == Evidence.message_id)
        .where(Evidence.idea_id.in_(ids), Message.deleted_at.is_(None))
        # The first quote of each idea stays, because it comes last.
        .order_by(Evidence.id.desc())
    )
    return {idea_id: one_line(quote, QUOTE) for idea_id, quote in rows}


def _questions(session: Session, ids: list[int]) -> list[QuestionLine]:
    if not ids:
        return []
    rows = session.execute(
        select(Conversation.id, Conversation.preview, Channel.name, Conversation.waiting_since)
        .join(Channel)
        .where(Conversation.id.in_(ids))
        .order_by(Conversation.waiting_since, Conversation.id)
    )
    return [
        QuestionLine(id_, one_line(preview, QUOTE), channel, since) for id_, preview, channel, since in rows if preview
    ]
