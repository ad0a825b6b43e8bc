"""A corrected tag is seen in the list at once, and so is its undoing."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.models import Message
from inbox.conversations.undo_correct_tag import undo_correct_tag
from inbox.labels.models import Label, Tag
from tests.making import make_channel, make_conversation, make_teammate


def test_the_conversation_follows_its_message(session: Session) -> None:
    ada, thread = make_teammate(session), make_conversation(session, make_channel(session), ("Can it fly?",))
    message = session.scalars(sa.select(Message)).one()
    session.add(Label(message_id=message.id, primary=Tag.QUESTION, tags="question", question=0.9))
    session.flush()
    kept = correct_tag(session, message, [Tag.IDEA, Tag.COMPLAINT], by=ada)
    assert kept is not None
    session.refresh(thread)
    assert (thread.tag, thread.tags) == ("idea", "idea complaint")
    assert message.label is not None
    assert message.label.primary == "idea"
    assert correct_tag(session, message, [Tag.IDEA, Tag.COMPLAINT], by=ada) is None
    undo_correct_tag(session, kept, by=ada)
    session.refresh(thread)
    assert (thread.tag, thread.tags) == ("question", "question")
    assert message.label.primary == "question"
