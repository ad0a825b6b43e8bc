"""An ISO week in a time zone, and what is counted in it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Direction, Message
from inbox.ideas.models import Evidence, Idea, IdeaState
from inbox.insights.week import week_named, week_of
from inbox.insights.week_numbers import week_numbers
from inbox.labels.models import Label, Tag
from inbox.members.models import Member

WEEK = week_of(date(2026, 11, 18), "Europe/Berlin")


def test_a_week_begins_on_monday_in_its_own_time_zone() -> None:
    assert WEEK.name == "2026-W47"
    assert WEEK.begins.astimezone(UTC) == datetime(2026, 11, 15, 23, tzinfo=UTC)
    assert WEEK.ends - WEEK.begins == timedelta(days=7)


def test_the_week_of_a_clock_change_has_an_hour_more_or_less() -> None:
    autumn, spring = week_of(date(2026, 10, 25), "Europe/Berlin"), week_of(date(2026, 3, 29), "Europe/Berlin")
    assert autumn.ends.astimezone(UTC) - autumn.begins.astimezone(UTC) == timedelta(days=7, hours=1)
    assert spring.ends.astimezone(UTC) - spring.begins.astimezone(UTC) == timedelta(days=7, hours=-1)


@pytest.mark.parametrize(("day", "name"), [(date(2027, 1, 3), "2026-W53"), (date(2024, 12, 30), "2025-W01")])
def test_days_around_new_year_belong_to_the_iso_year(day: date, name: str) -> None:
    assert week_of(day, "UTC").name == name
    assert (
        week_named(name, "UTC").begins <= datetime.combine(day, datetime.min.time(), UTC) < week_named(name, "UTC").ends
    )


@pytest.mark.parametrize("name", ["", "2026", "2026-W54", "W47-2026", "2026-Wxx"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        week_named(name, "UTC")


def _channel(session: Session, name: str = "Forum", *, sample: bool = False) -> Channel:
    channel = Channel(kind="rss", name=name, is_sample=sample)
    session.add(channel)
    session.flush()
    return channel


def _message(
    session: Session, channel: Channel, at: datetime, tag: Tag, direction: Direction = Direction.IN
) -> Message:
    conversation = Conversation(
        channel_id=channel.id,
        external_id=f"{channel.id}-{at}-{tag}-{direction}",
        tag=tag,
        waiting_since=at,
        preview="words",
    )
    session.add(conversation)
    session.flush()
    message = Message(
        conversation_id=conversation.id,
        channel_id=channel.id,
        external_id=conversation.external_id,
        direction=direction,
        text="words",
        posted_at=at,
    )
    session.add(message)
    session.flush()
    session.add(Label(message_id=message.id, primary=tag))
    session.flush()
    return message


def test_only_this_week_is_counted_and_the_week_before_is_compared(session: Session) -> None:
    channel, inside, before = _channel(session), WEEK.begins + timedelta(hours=1), WEEK.begins - timedelta(seconds=1)
    _message(session, channel, inside, Tag.QUESTION)
    _message(session, channel, before, Tag.COMPLAINT)
    _message(session, channel, WEEK.ends, Tag.COMPLAINT)
    numbers = week_numbers(session, WEEK)
    assert (numbers.received, numbers.received_before) == (1, 1)
    assert numbers.tags == {"question": 1, "complaint": 0, "idea": 0, "troll": 0}
    assert numbers.complaints[-2:] == [("2026-W46", 1), ("2026-W47", 0)]


def test_samples_count_only_when_asked_for(session: Session) -> None:
    _message(session, _channel(session, sample=True), WEEK.begins, Tag.QUESTION)
    assert week_numbers(session, WEEK).received == 0
    assert week_numbers(session, WEEK).waiting == 0
    assert week_numbers(session, WEEK, samples=True).received == 1


def test_ideas_are_ranked_by_distinct_people_of_the_week(session: Session) -> None:
    channel = _channel(session)
    loud, wide = Idea(title="loud", people=1), Idea(title="wide", people=2)
    people = [Member(name=str(number)) for number in range(2)]
    session.add_all([loud, wide, *people])
    session.flush()
    for number in range(3):
        message = _message(session, channel, WEEK.begins + timedelta(minutes=number), Tag.IDEA)
        for idea, member in ((loud, people[0]), (wide, people[number % 2])):
            session.add(
                Evidence(
                    idea_id=idea.id,
                    message_id=message.id,
                    member_id=member.id,
                    quote="words",
                    created_at=WEEK.begins + timedelta(days=1),
                )
            )
    session.flush()
    assert [(line.idea_id, line.people_this_week) for line in week_numbers(session, WEEK).top_ideas] == [
        (wide.id, 2),
        (loud.id, 1),
    ]


def test_what_was_decided_this_week_is_named(session: Session) -> None:
    session.add_all(
        Idea(title=state, state=state, state_changed_at=at)
        for state, at in (
            (IdeaState.SHIPPED, WEEK.begins),
            (IdeaState.REVIEWING, WEEK.begins),
            (IdeaState.DECLINED, WEEK.begins - timedelta(days=1)),
        )
    )
    session.flush()
    decided = week_numbers(session, WEEK).decided_ideas
    assert [session.get_one(Idea, idea_id).state for idea_id in decided] == [IdeaState.SHIPPED]


def test_the_number_of_statements_does_not_grow_with_the_rows(session: Session) -> None:
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: statements.append(call[2]))
    channel = _channel(session)
    for minutes in range(12):
        _message(session, channel, WEEK.begins + timedelta(minutes=minutes), Tag.QUESTION)
    statements.clear()
    numbers = week_numbers(session, WEEK)
    assert numbers.open_questions == 12
    assert len(numbers.open_question_ids) == 5
    assert len(statements) <= 8
