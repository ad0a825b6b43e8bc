"""What a classifier says is stored once per message; what a person said stays."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Conversation, Message
from inbox.conversations.retag import retag
from inbox.labels.correct import correct
from inbox.labels.models import Label
from inbox.labels.record import Answer, record
from tests.incoming import Statements
from tests.making import make_channel, make_conversation, make_teammate

SURE = {"question": 0.9, "complaint": 0.2, "idea": 0.05, "troll": 0.01}


@pytest.fixture
def conversation(session: Session) -> Conversation:
    return make_conversation(session, make_channel(session), ("first", "second"))


def ids(session: Session) -> list[int]:
    return list(session.scalars(sa.select(Message.id).order_by(Message.posted_at)))


def answer(number: int, primary: str = "question", *tags: str, **numbers: float) -> Answer:
    return Answer(number, primary, tags or (primary,), SURE | numbers, "en")


def label(session: Session, number: int) -> Label:
    return session.get_one(Label, number, populate_existing=True)


def test_an_answer_is_stored_and_a_later_model_speaks_over_it(session: Session, conversation: Conversation) -> None:
    first, _ = ids(session)
    record(session, [answer(first, "question", "question", "complaint", complaint=0.6)], "model-1")
    assert (label(session, first).primary, label(session, first).tags) == ("question", "question complaint")
    record(session, [Answer(first, "unsure", (), {"idea": 0.4}, "de")], "model-2")
    now = label(session, first)
    assert (now.primary, now.tags, now.idea, now.question, now.model_version) == (
        "unsure",
        "",
        pytest.approx(0.4),
        0.0,
        "model-2",
    )


def test_a_corrected_tag_is_not_overwritten(session: Session, conversation: Conversation) -> None:
    first, _ = ids(session)
    record(session, [answer(first)], "model-1")
    correct(session, first, ["idea"], by=make_teammate(session))
    record(session, [answer(first, "troll", troll=0.99)], "model-2")
    now = label(session, first)
    assert (now.primary, now.tags, now.model_version, now.troll) == ("idea", "idea", "model-2", pytest.approx(0.99))


def test_a_tag_that_there_is_none_of_is_refused(session: Session, conversation: Conversation) -> None:
    with pytest.raises(ValueError, match="praise"):
        record(session, [Answer(ids(session)[0], "praise", (), {})], "model-1")


def test_probabilities_stay_between_none_and_all(session: Session, conversation: Conversation) -> None:
    first, _ = ids(session)
    record(session, [answer(first, question=1.0000001, troll=-1e-9)], "x" * 200)
    assert (label(session, first).question, label(session, first).troll) == (1.0, 0.0)


def test_a_conversation_wears_the_tag_of_its_newest_message(session: Session, conversation: Conversation) -> None:
    first, second = ids(session)
    record(session, [answer(first, "idea", idea=0.7), answer(second)], "m")
    assert retag(session, [first, second]) == [conversation.id]
    assert (conversation.tag, conversation.tags, conversation.tag_probability) == (
        "question",
        "question",
        pytest.approx(0.9),
    )
    session.get_one(Message, second).deleted_at = conversation.last_message_at
    session.flush()
    retag(session, [first])
    assert (conversation.tag, conversation.tag_probability) == ("idea", pytest.approx(0.7))


@pytest.mark.parametrize(("primary", "sure"), [("other", 0.1), ("unsure", 0.9)])
def test_how_sure_a_tag_without_label_is(
    session: Session, conversation: Conversation, primary: str, sure: float
) -> None:
    _, second = ids(session)
    record(session, [Answer(second, primary, (), SURE)], "m")
    retag(session, [second])
    assert (conversation.tag, conversation.tags, conversation.tag_probability) == (primary, "", pytest.approx(sure))


def test_what_a_person_chose_carries_no_probability(session: Session, conversation: Conversation) -> None:
    _, second = ids(session)
    record(session, [answer(second)], "m")
    correct(session, second, ["troll"], by=make_teammate(session))
    retag(session, [second])
    assert (conversation.tag, conversation.tag_probability) == ("troll", None)


def test_the_number_of_statements_does_not_depend_on_the_number_of_answers(session: Session) -> None:
    channel, counts = make_channel(session), []
    for size in (1, 40):
        threads = [make_conversation(session, channel, ("text",)).id for _ in range(size)]
        numbers = list(session.scalars(sa.select(Message.id).where(Message.conversation_id.in_(threads))))
        with Statements(session) as statements:
            record(session, [answer(number) for number in numbers], "m")
            retag(session, numbers)
        counts.append(len(statements.seen))
    assert counts[0] == counts[1] == 4


def test_nothing_is_nothing(session: Session) -> None:
    record(session, [], "m")
    assert retag(session, []) == []
