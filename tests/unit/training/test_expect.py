"""What a threshold would mean: counted from stored probabilities, held-out figures and people's corrections."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.models import Message
from inbox.conversations.undo_correct_tag import undo_correct_tag
from inbox.labels.lanes import Lane, Lanes
from inbox.labels.models import LABELS, Correction, Tag
from inbox.labels.record import Answer, record
from inbox.training.expect import STEPS, Expected, Week, expect, expect_week, read_curve
from tests.incoming import Statements
from tests.making import make_channel, make_conversation, make_message, make_teammate

CURVE = [[0.2, 0.5, 0.9, 0.4], [0.6, 0.8, 0.5, 0.2], [0.9, 1.0, 0.2, 0.1]]
CURVES = dict.fromkeys(LABELS, CURVE)
LANES: Lanes = {(tag, "de"): Lane(0.9, 0.5) for tag in LABELS}


def heard(session: Session, *chances: float, lang: str = "de", sample: bool = False, days: int = 1) -> list[Message]:
    """One message for each probability of being an idea."""
    thread = make_conversation(session, make_channel(session, is_sample=sample))
    written = [make_message(session, thread, posted_at=now() - timedelta(days=days)) for _ in chances]
    answers = [
        Answer(message.id, "unsure" if chance > 0.3 else "other", (), {"idea": chance}, lang)
        for message, chance in zip(written, chances, strict=True)
    ]
    record(session, answers, "m1")
    return written


def idea(session: Session) -> Expected:
    return expect(session, "de", CURVES)[Tag.IDEA]


def test_messages_a_week_at_or_above_each_threshold(session: Session) -> None:
    heard(session, 0.1, 0.55, 0.559, 0.95)
    heard(session, 0.9, lang="en")
    heard(session, 0.9, days=29)
    volume = idea(session).volume
    assert (volume[0], volume[55], volume[56], volume[95], volume[96]) == (1.0, 0.75, 0.25, 0.25, 0.0)


def test_a_probability_counts_in_its_own_percent_on_every_database(session: Session) -> None:
    heard(session, *(step / 100 for step in range(101)))
    volume = idea(session).volume
    assert [round(volume[step] - volume[step + 1], 2) for step in range(99)] == [0.25] * 99


def test_at_one_hundred_percent_nothing_is_set(session: Session) -> None:
    heard(session, 1.0)
    assert idea(session).volume[STEPS] == 0.0


def test_wrong_tags_a_week_follow_the_held_out_precision(session: Session) -> None:
    heard(session, *[0.95] * 8, *[0.65] * 12)
    one = idea(session)
    assert one.wrong_from(60) == pytest.approx(5 * 0.2)
    assert one.wrong_from(90) == pytest.approx(0.0)
    # Of the held-out texts between the two thresholds 0.2·0.8 − 0.1·1.0 of 0.1 were right: six in ten.
    assert one.wrong_between(60, 90) == pytest.approx(3 * 0.4)
    assert one.wrong_between(90, 90) == 0.0


@pytest.mark.parametrize(
    ("threshold", "precision", "share"),
    [(0.0, 0.5, 0.4), (0.2, 0.5, 0.4), (0.4, 0.65, 0.3), (0.6, 0.8, 0.2), (0.99, 1.0, 0.1)],
)
def test_a_curve_is_read_between_its_points(threshold: float, precision: float, share: float) -> None:
    assert read_curve(CURVE, threshold) == (pytest.approx(precision), pytest.approx(share))


def test_an_empty_curve_promises_nothing() -> None:
    assert read_curve([], 0.5) == (0.0, 0.0)


def test_what_people_judged_counts_by_what_the_model_had_said_then(session: Session) -> None:
    ada = make_teammate(session)
    right, wrong, low, undone = heard(session, 0.95, 0.92, 0.4, 0.95)
    correct_tag(session, right, [Tag.IDEA], by=ada)
    correct_tag(session, wrong, [Tag.QUESTION], by=ada)
    correct_tag(session, low, [Tag.IDEA], by=ada)
    taken_back = correct_tag(session, undone, [], by=ada)
    assert taken_back
    undo_correct_tag(session, taken_back, by=ada)
    one = idea(session)
    assert (one.judged[90], one.changed[90]) == (2, 1)
    assert (one.judged[93], one.changed[93]) == (1, 0)
    assert (one.judged[40], one.changed[40]) == (3, 1)


def test_a_message_that_was_judged_twice_counts_once_as_it_stands(session: Session) -> None:
    ada, (message,) = make_teammate(session), heard(session, 0.95)
    correct_tag(session, message, [Tag.QUESTION], by=ada)
    correct_tag(session, message, [Tag.IDEA], by=ada)
    one = idea(session)
    assert (one.judged[90], one.changed[90]) == (1, 0)


def test_old_corrections_are_no_news(session: Session) -> None:
    ada, (message,) = make_teammate(session), heard(session, 0.95)
    correct_tag(session, message, [Tag.QUESTION], by=ada)
    session.execute(sa.update(Correction).values(at=now() - timedelta(weeks=5)))
    assert idea(session).judged[90] == 0


def test_a_week_falls_into_lanes_each_message_once(session: Session) -> None:
    heard(session, *[0.95] * 4, *[0.7] * 8, *[0.4] * 12, *[0.1] * 16)
    assert expect_week(session, "de", LANES) == Week(automatic=1, suggest=2, ask=3, other=4)
    assert expect_week(session, "de", {key: Lane(0.5, 0.5) for key in LANES}) == Week(3, 0, 3, 4)
    assert expect_week(session, "en", LANES).all == 0


def test_invented_messages_count_only_while_there_are_no_others(session: Session) -> None:
    first, _ = heard(session, 0.95, 0.95, sample=True)
    correct_tag(session, first, [Tag.QUESTION], by=make_teammate(session))
    assert (expect_week(session, "de", LANES).all, idea(session).judged[90]) == (0.5, 1)
    heard(session, 0.95)
    assert (expect_week(session, "de", LANES).all, idea(session).judged[90]) == (0.25, 0)


def test_two_statements_and_one_however_many_messages(session: Session) -> None:
    heard(session, *[0.5] * 50)
    with Statements(session) as statements:
        expect(session, "de", CURVES)
        expect_week(session, "de", LANES)
    assert len(statements.seen) == 3
