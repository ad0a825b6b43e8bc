"""What became of a delivery reaches the row it is about: an answer, an act, a ticket."""

import pytest
import sqlalchemy as sa

from inbox.connectors.contract import ActName, Capabilities, Receipt
from inbox.conversations.models import Conversation, Message
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.ideas.models import Idea
from inbox.moderation.act import act
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.queue import queue_delivery
from inbox.settlements.spread import spread
from inbox.teams.models import ProductTeam
from inbox.tickets.models import Ticket, TicketStatus
from inbox.trackers.models import Tracker
from tests.making import make_channel, make_conversation, make_teammate
from tests.unit.outbox.platform import Platform
from workers.send import outgoing

# Nothing here takes as long.
LONG = 20.0


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_an_answer_and_an_act_are_told_their_messages(database: Database, platform: Platform) -> None:
    with database.writing() as session:
        ada, thread = make_teammate(session), make_conversation(session, make_channel(session), ("Fools.",))
        question = session.scalars(sa.select(Message)).one()
        able = Capabilities(acts=frozenset({ActName.HIDE}))
        act(session, question, ActName.HIDE, reason="rude", by=ada, capabilities=able)
        answer = reply(session, thread, text="Please be kind.", by=ada, seen_version=1, undo_seconds=0)
    outgoing(database, platform.carriers()).run(LONG)
    with database.reading() as session:
        assert session.get_one(Message, question.id).hidden_at is not None
        assert session.get_one(Message, answer.id).external_id is not None


def test_an_idea_that_left_by_mail_is_told_its_ticket(database: Database, platform: Platform) -> None:
    with database.writing() as session:
        team = ProductTeam(name="Garden")
        session.add(team)
        session.flush()
        tracker = Tracker(product_team_id=team.id, kind="email", name="By mail", settings={"address": "p@example.org"})
        idea = Idea(title="Fly")
        session.add_all([tracker, idea])
        session.flush()
        ticket = Ticket(idea_id=idea.id, tracker_id=tracker.id)
        session.add(ticket)
        session.flush()
        delivery = queue_delivery(
            session,
            key="idea-1-tracker-1",
            kind=DeliveryKind.MAIL,
            payload={"to": "p@example.org", "subject": "Fly", "text": "Fly"},
            tracker=tracker,
            subject=("ticket", ticket.id),
        )
        ticket.delivery_id = delivery.id
    outgoing(database, platform.carriers()).run(LONG)
    with database.reading() as session:
        assert session.get_one(Delivery, delivery.id).state == DeliveryState.SENT
        assert session.get_one(Ticket, ticket.id).status != TicketStatus.PENDING


def answer_twice(database: Database, platform: Platform, external_id: str) -> list[tuple[str, str | None]]:
    """Two answers, both of which their platform says to have taken under this id; the words and ids that are kept."""
    platform.accept = lambda _key: Receipt(external_id)  # type: ignore[method-assign]
    with database.writing() as session:
        ada, thread = make_teammate(session), make_conversation(session, make_channel(session), ("Two stars.",))
        session.scalars(sa.select(Message)).one().external_id = "review-1"
    for text in ("Sorry!", "It is mended."):
        with database.writing() as session:
            here = session.get_one(Conversation, thread.id)
            reply(session, here, text=text, by=ada, seen_version=here.version, undo_seconds=0)
        outgoing(database, platform.carriers()).run(LONG)
    with database.writing() as session:
        for delivery in session.scalars(sa.select(Delivery)):
            assert delivery.state == DeliveryState.SENT
            spread(session, delivery)
    with database.reading() as session:
        assert session.get_one(Conversation, thread.id).message_count == 3
        rows = session.execute(sa.select(Message.text, Message.external_id).order_by(Message.id))
        return [(text, key) for text, key in rows]


def test_an_answer_that_takes_the_place_of_the_one_before_leaves_its_words(
    database: Database, platform: Platform
) -> None:
    kept = answer_twice(database, platform, "review-1:ours")
    assert kept == [("Two stars.", "review-1"), ("Sorry!", None), ("It is mended.", "review-1:ours")]


def test_an_answer_that_is_given_anothers_id_is_sent_all_the_same(database: Database, platform: Platform) -> None:
    kept = answer_twice(database, platform, "review-1")
    assert kept == [("Two stars.", "review-1"), ("Sorry!", None), ("It is mended.", None)]


def test_one_that_breaks_does_not_stop_the_others(database: Database, platform: Platform) -> None:
    def choosy(key: str) -> None:
        if key == "a":
            raise ZeroDivisionError

    platform.mood = choosy
    with database.writing() as session:
        for key in ("a", "b"):
            queue_delivery(session, key=key, kind=DeliveryKind.MAIL, payload={})
    outgoing(database, platform.carriers()).run(LONG)
    assert platform.arrived == ["b"]
