"""A moved threshold takes what waits along at once, leaves what people said and what is done, and asks the database little."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.models import Conversation, Message
from inbox.conversations.move_thresholds import NEVER, CannotMove, move_thresholds
from inbox.conversations.retag import retag
from inbox.labels.lanes import Lane, find_lanes
from inbox.labels.models import LABELS, Label, Tag, Threshold
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.labels.record import Answer, record
from inbox.teams.models import Teammate
from tests.incoming import Statements
from tests.making import make_channel, make_conversation, make_teammate

LOW, HIGH = Lane(0.6, 0.3), Lane(0.99, 0.98)


@pytest.fixture
def ada(session: Session) -> Teammate:
    lanes = [Published(tag, lang, 0.9, 0.5, [[0.5, 0.8, 0.6, 0.2]]) for tag in LABELS for lang in ("de", "en")]
    publish_lanes(session, "m1", lanes)
    return make_teammate(session)


def heard(session: Session, number: int = 1, *, lang: str = "en", **fields: Any) -> list[Conversation]:
    """Conversations with one message each, probably an idea."""
    channel = make_channel(session)
    threads = [make_conversation(session, channel, ("It could fly",), **fields) for _ in range(number)]
    ids = [thread.id for thread in threads]
    numbers = session.scalars(sa.select(Message.id).where(Message.conversation_id.in_(ids))).all()
    record(session, [Answer(one, "idea", ["idea"], {"idea": 0.7}, lang) for one in numbers], "m1")
    retag(session, numbers)
    return threads


def tags_of(session: Session, conversation: Conversation) -> tuple[str, str, str]:
    session.refresh(conversation)
    return conversation.tag, conversation.tags, conversation.suggested


def test_what_waits_is_sorted_at_once(session: Session, ada: Teammate) -> None:
    (thread,) = heard(session)
    assert tags_of(session, thread) == ("idea", "", "idea")
    assert move_thresholds(session, "en", {Tag.IDEA: LOW}, by=ada) == 1
    assert tags_of(session, thread) == ("idea", "idea", "")
    assert move_thresholds(session, "en", {Tag.IDEA: HIGH}, by=ada) == 1
    assert tags_of(session, thread) == ("unsure", "", "")


def test_the_other_language_stays_as_it_is(session: Session, ada: Teammate) -> None:
    (thread,) = heard(session, lang="de")
    assert move_thresholds(session, "en", {Tag.IDEA: LOW}, by=ada) == 0
    assert tags_of(session, thread) == ("idea", "", "idea")


def test_what_a_person_said_and_what_is_answered_stay(session: Session, ada: Teammate) -> None:
    corrected, answered = heard(session, 2)
    correct_tag(
        session, session.scalars(sa.select(Message).where(Message.conversation_id == corrected.id)).one(), [], by=ada
    )
    answered.waiting_since = None
    session.flush()
    assert move_thresholds(session, "en", {Tag.IDEA: LOW}, by=ada) == 0
    assert tags_of(session, corrected) == ("other", "", "")
    assert tags_of(session, answered) == ("idea", "", "idea")


def test_a_message_from_before_the_answer_stays(session: Session, ada: Teammate) -> None:
    (thread,) = heard(session)
    thread.waiting_since = thread.last_message_at + timedelta(minutes=1)
    session.flush()
    assert move_thresholds(session, "en", {Tag.IDEA: LOW}, by=ada) == 0


def test_back_to_the_models_thresholds(session: Session, ada: Teammate) -> None:
    (thread,) = heard(session)
    move_thresholds(session, "en", {Tag.IDEA: LOW}, by=ada)
    row = session.get_one(Threshold, (Tag.IDEA, "en"))
    assert (row.moved_by_id, row.moved_at is None) == (ada.id, False)
    assert move_thresholds(session, "en", {Tag.IDEA: None}, by=ada) == 1
    assert (row.automatic, row.suggest, row.moved_by_id, row.moved_at) == (0.9, 0.5, None, None)
    assert tags_of(session, thread) == ("idea", "", "idea")


def test_who_moved_what_is_written_down_and_a_repeat_is_not(session: Session, ada: Teammate) -> None:
    for _ in range(2):
        move_thresholds(session, "en", {Tag.IDEA: LOW, Tag.TROLL: Lane(0.9, 0.5)}, by=ada)
    found = session.scalars(sa.select(Activity).where(Activity.verb == "thresholds.moved")).all()
    assert [(one.actor_id, one.details) for one in found] == [(ada.id, {"language": "en", "labels": ["idea"]})]


@pytest.mark.parametrize(
    "lane",
    [Lane(0.3, 0.6), Lane(0.5, 0.0), Lane(1.01, 0.5), Lane(-0.1, -0.2), Lane(float("nan"), 0.5), Lane(9.99, 9.99)],
)
def test_thresholds_that_make_no_sense_are_refused(session: Session, ada: Teammate, lane: Lane) -> None:
    with pytest.raises(CannotMove):
        move_thresholds(session, "en", {Tag.IDEA: lane}, by=ada)
    assert find_lanes(session)[Tag.IDEA, "en"] == Lane(0.9, 0.5)


def test_never_is_a_threshold_too(session: Session, ada: Teammate) -> None:
    (thread,) = heard(session)
    session.execute(sa.update(Label).values(idea=0.9999))
    move_thresholds(session, "en", {Tag.IDEA: Lane(NEVER, NEVER)}, by=ada)
    assert tags_of(session, thread) == ("unsure", "", "")


def test_the_number_of_statements_does_not_depend_on_what_waits(session: Session, ada: Teammate) -> None:
    counts = []
    for number, lane in ((1, LOW), (40, HIGH)):
        heard(session, number)
        with Statements(session) as statements:
            assert move_thresholds(session, "en", {Tag.IDEA: lane}, by=ada) >= number
        counts.append(len(statements.seen))
    assert counts[0] == counts[1] <= 8
