"""The five steps of the first days: who sees them, what ticks them off, and when they are over."""

from typing import Any

from inbox.conversations.models import Message
from inbox.digests.models import Subscription
from inbox.ideas.promote import promote
from inbox.labels.models import Correction, Label
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation

LIST = "The first steps"


def test_an_admin_sees_what_comes_first(client: Any) -> None:
    page = client.get("/conversations").text
    assert LIST in page
    assert "0 of 5 done" in page
    assert 'href="/channels/new"' in page


def test_nobody_else_is_bothered(sign_in_as: Any) -> None:
    assert LIST not in sign_in_as("manager").get("/conversations").text


def test_it_stays_away_once_put_away(client: Any) -> None:
    client.post("/first-steps/dismissal")
    assert LIST not in client.get("/conversations").text


def test_only_an_admin_puts_it_away(client: Any, sign_in_as: Any) -> None:
    assert sign_in_as("manager").post("/first-steps/dismissal").status_code == 403
    assert LIST in client.get("/conversations").text


def test_sample_data_ticks_nothing_off(client: Any) -> None:
    client.post("/samples")
    assert "0 of 5 done" in client.get("/conversations").text


def test_each_step_is_ticked_off_and_after_the_last_the_list_is_gone(app: Any, client: Any) -> None:
    house = app.extensions["trellis"].database
    with house.writing() as session:
        admin = session.query(Teammate).one()
        conversation = make_conversation(session, make_channel(session), ("It would be good to share a plan.",))
        message = session.query(Message).filter_by(conversation_id=conversation.id).one()
        session.add(Label(message_id=message.id, primary="idea", tags="idea", model_version="test"))
        session.flush()
        message_id = message.id
    assert "1 of 5 done" in client.get("/conversations").text
    with house.writing() as session:
        session.add(Correction(message_id=message_id, teammate_id=admin.id, after="question", after_primary="question"))
        session.add(Delivery(key="answer", kind=DeliveryKind.REPLY))
    assert "3 of 5 done" in client.get("/conversations").text
    with house.writing() as session:
        promote(session, session.get_one(Message, message_id), 0, 0, by=session.get_one(Teammate, admin.id))
    assert "4 of 5 done" in client.get("/conversations").text
    with house.writing() as session:
        session.add(Subscription(email="chief@example.org", secret="s" * 32))
    assert LIST not in client.get("/conversations").text
