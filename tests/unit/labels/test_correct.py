"""A person's better tag is kept beside what the model had said, and can be taken back."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Message
from inbox.labels.correct import CannotCorrect, correct
from inbox.labels.models import Correction, Label, Tag
from inbox.labels.undo_correction import CannotUndo, undo_correction
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation, make_teammate


@pytest.fixture
def ada(session: Session) -> Teammate:
    return make_teammate(session)


@pytest.fixture
def message(session: Session) -> Message:
    make_conversation(session, make_channel(session), ("It would be nice if it could fly.",))
    written = session.scalars(sa.select(Message)).one()
    session.add(
        Label(message_id=written.id, primary=Tag.QUESTION, tags="question", question=0.7, idea=0.4, model_version="m1")
    )
    session.flush()
    return written


def label_of(session: Session, message: Message) -> Label:
    return session.get_one(Label, message.id, populate_existing=True)


def test_a_correction_keeps_what_the_model_had_said(session: Session, message: Message, ada: Teammate) -> None:
    kept = correct(session, message.id, [Tag.IDEA, "complaint"], by=ada)
    assert kept is not None
    assert (kept.before, kept.after, kept.before_primary, kept.after_primary) == (
        "question",
        "idea complaint",
        "question",
        "idea",
    )
    assert kept.model_version == "m1"
    assert kept.probabilities == {"question": 0.7, "complaint": 0.0, "idea": 0.4, "troll": 0.0}
    label = label_of(session, message)
    assert (label.primary, label.tags, label.corrected_by_id, label.idea) == ("idea", "idea complaint", ada.id, 0.4)


def test_saying_the_same_twice_is_one_correction(session: Session, message: Message, ada: Teammate) -> None:
    assert correct(session, message.id, [Tag.IDEA], by=ada)
    assert correct(session, message.id, [Tag.IDEA, Tag.IDEA], by=ada) is None
    assert session.scalar(sa.select(sa.func.count()).select_from(Correction)) == 1


def test_agreeing_with_the_model_is_worth_keeping(session: Session, message: Message, ada: Teammate) -> None:
    assert correct(session, message.id, [Tag.QUESTION], by=ada) is not None


def test_none_of_the_four_is_other(session: Session, message: Message, ada: Teammate) -> None:
    correct(session, message.id, [Tag.OTHER], by=ada)
    assert (label_of(session, message).primary, label_of(session, message).tags) == ("other", "")


def test_a_message_without_a_label_can_be_tagged(session: Session, message: Message, ada: Teammate) -> None:
    session.delete(label_of(session, message))
    session.flush()
    assert correct(session, message.id, [Tag.TROLL], by=ada)
    assert label_of(session, message).primary == "troll"


@pytest.mark.parametrize("tags", [["unsure"], ["praise"], ["idea", "x" * 10_000], [""]])
def test_other_words_are_no_tags(session: Session, message: Message, ada: Teammate, tags: list[str]) -> None:
    with pytest.raises(CannotCorrect):
        correct(session, message.id, tags, by=ada)
    assert label_of(session, message).primary == "question"


def test_undo_gives_the_label_back_to_the_model(session: Session, message: Message, ada: Teammate) -> None:
    kept = correct(session, message.id, [Tag.IDEA], by=ada)
    assert kept
    undo_correction(session, kept, by=ada)
    label = label_of(session, message)
    assert (label.primary, label.tags, label.corrected_by_id) == ("question", "question", None)
    assert kept.undone_at is not None
    with pytest.raises(CannotUndo):
        undo_correction(session, kept, by=ada)


def test_only_the_newest_correction_can_be_undone(session: Session, message: Message, ada: Teammate) -> None:
    bo = make_teammate(session, "Bo")
    first = correct(session, message.id, [Tag.IDEA], by=ada)
    second = correct(session, message.id, [Tag.TROLL], by=bo)
    assert first
    assert second
    with pytest.raises(CannotUndo):
        undo_correction(session, first, by=ada)
    undo_correction(session, second, by=bo)
    label = label_of(session, message)
    assert (label.primary, label.corrected_by_id) == ("idea", ada.id)
