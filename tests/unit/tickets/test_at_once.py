"""Two workers read the tickets of one idea at the same moment."""

import threading

from inbox.connectors.tracker_contract import TicketState
from inbox.database import Database
from inbox.ideas.models import IdeaState
from inbox.tickets.models import Ticket
from inbox.tickets.sync import sync
from tests.unit.tickets.test_tickets import an_idea, sent


def test_the_last_of_two_that_end_at_once_ships_the_idea(database: Database) -> None:
    with database.writing() as session:
        idea = an_idea(session, state=IdeaState.BUILDING)
        numbers = [sent(session, idea).id, sent(session, idea).id]
    moved: list[bool] = []

    def read(number: int) -> None:
        with database.writing() as session:
            moved.append(sync(session, number, TicketState("42", "done")))

    other = threading.Thread(target=read, args=(numbers[1],))
    with database.writing() as session:
        assert not sync(session, numbers[0], TicketState("42", "done"))
        other.start()
        # Long enough to read everything before this one is through, if nothing held it.
        other.join(0.5)
    other.join(10)
    assert moved == [True]
    with database.reading() as session:
        assert session.get_one(Ticket, numbers[0]).idea.state == IdeaState.SHIPPED
