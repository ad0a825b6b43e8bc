"""Two people in the same moment: one of them wins, the other is told, on both databases."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.close import close
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.refusal import Refusal
from inbox.conversations.reply import ConversationMovedOn, reply
from inbox.conversations.undo_reply import TooLate, undo_reply
from inbox.database import Database
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.promote import promote
from inbox.outbox.models import Delivery, DeliveryState
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation, make_teammate
from tests.outgoing import claim_next

ROUNDS = 5


@pytest.fixture
def ids(database: Database) -> tuple[int, int]:
    """A conversation and a teammate."""
    with database.writing() as session:
        thread = make_conversation(session, make_channel(session), ("Where is the rake?",))
        return thread.id, make_teammate(session).id


def at_once(database: Database, *acts: Callable[[Session], Any]) -> list[Any]:
    """What each act gave or raised, each in a transaction and a thread of its own, begun together."""
    together = threading.Barrier(len(acts))
    came: list[Any] = [None] * len(acts)

    def do(place: int) -> None:
        together.wait(10)
        try:
            with database.writing() as session:
                came[place] = acts[place](session)
        except (Refusal, sa.exc.SQLAlchemyError) as error:
            came[place] = error

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came


def answering(ids: tuple[int, int], version: int) -> Callable[[Session], Any]:
    def act(session: Session) -> Any:
        conversation, teammate = session.get_one(Conversation, ids[0]), session.get_one(Teammate, ids[1])
        try:
            return reply(
                session, conversation, text="In the shed", by=teammate, seen_version=version, undo_seconds=0
            ).id
        except ConversationMovedOn as moved:
            return moved

    return act


def number(database: Database, query: sa.Select[Any]) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def test_of_two_who_answer_at_once_one_is_told(database: Database, ids: tuple[int, int]) -> None:
    for sent in range(1, ROUNDS + 1):
        with database.reading() as session:
            version = session.get_one(Conversation, ids[0]).version
        came = at_once(database, *[answering(ids, version)] * 3)
        assert sum(isinstance(one, ConversationMovedOn) for one in came) == 2, came
        assert number(database, sa.select(Delivery.id)) == sent
        assert number(database, sa.select(Message.id).where(Message.direction == Direction.OUT)) == sent


def test_an_answer_either_leaves_or_is_taken_back(database: Database, ids: tuple[int, int]) -> None:
    for _ in range(ROUNDS):
        with database.reading() as session:
            version = session.get_one(Conversation, ids[0]).version
        (message_id,) = at_once(database, answering(ids, version))
        assert isinstance(message_id, int), message_id

        def undo(session: Session, message_id: int = message_id) -> Any:
            return undo_reply(session, session.get_one(Message, message_id), by=session.get_one(Teammate, ids[1]))

        def leave(session: Session) -> Any:
            return claim_next(session)

        undone, claimed = at_once(database, undo, leave)
        assert (claimed is None) == (not isinstance(undone, TooLate)), (undone, claimed)
        with database.writing() as session:
            session.execute(sa.update(Delivery).values(state=DeliveryState.SENT, claim=""))


def test_a_sentence_promoted_twice_at_once_is_one_idea(database: Database, ids: tuple[int, int]) -> None:
    def act(session: Session) -> Any:
        message = session.scalars(sa.select(Message).where(Message.conversation_id == ids[0]).limit(1)).one()
        return promote(session, message, 0, 5, title="A rake", by=session.get_one(Teammate, ids[1])).id

    came = at_once(database, *[act] * 4)
    assert len(set(came)) == 1, came
    assert number(database, sa.select(Idea.id)) == number(database, sa.select(Evidence.id)) == 1


def test_closed_twice_at_once_is_closed_once(database: Database, ids: tuple[int, int]) -> None:
    def act(session: Session) -> Any:
        return close(session, session.get_one(Conversation, ids[0]), by=session.get_one(Teammate, ids[1]))

    assert sorted(at_once(database, *[act] * 4)) == [False, False, False, True]
