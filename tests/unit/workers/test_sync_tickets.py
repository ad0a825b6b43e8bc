"""The recipe that reads tickets back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import respx

from inbox.clock import now
from inbox.config import load_settings
from inbox.database import Database
from inbox.ideas.models import Idea, IdeaState
from inbox.outbox.models import DeliveryState
from inbox.tickets.models import Ticket, TicketStatus
from inbox.tickets.push import push
from inbox.tickets.settle_ticket import settle_ticket
from inbox.trackers.connect import connect, read_setup
from inbox.vault import open_vault
from tests.garden import a_team
from workers import opened
from workers.sync_tickets import sync_tickets

ISSUES = "https://api.github.com/repos/garden/app/issues"


@pytest.fixture(autouse=True)
def fresh(database: Database) -> Iterator[None]:
    yield
    if opened.open_database.cache_info().currsize:
        opened.open_database().dispose()
    opened.open_database.cache_clear()
    opened.open_vault.cache_clear()


def plant(database: Database, number: int) -> int:
    with database.writing() as session:
        vault = open_vault(load_settings())
        team = a_team(session, f"team {number}")
        setup = read_setup("github", {"repository": "garden/app", "token": "t"})
        idea = Idea(title=f"Idea {number}", state=IdeaState.PLANNED)
        session.add(idea)
        session.flush()
        ticket = push(session, idea, connect(session, vault, team, "github", "App", setup, by=None), by=None)
        assert ticket.delivery is not None
        ticket.delivery.state, ticket.delivery.external_id = DeliveryState.SENT, str(number)
        settle_ticket(session, ticket.delivery)
        ticket.read_due_at = now() - timedelta(minutes=1)
        return ticket.id


def test_a_finished_issue_ships_the_idea_and_a_broken_one_stops_nobody(
    database: Database,
) -> None:
    broken, done, odd = (plant(database, number) for number in (1, 2, 3))
    with respx.mock() as router:
        router.get(f"{ISSUES}/1").respond(502)
        router.get(f"{ISSUES}/2").respond(json={"state": "closed", "state_reason": "completed"})
        router.get(f"{ISSUES}/3").mock(side_effect=RuntimeError("nobody expected this"))
        assert sync_tickets() == 3
        assert sync_tickets() == 0
    with database.reading() as session:
        assert session.get_one(Ticket, done).idea.state == IdeaState.SHIPPED
        assert session.get_one(Ticket, done).status == TicketStatus.DONE
        for ticket_id in (broken, odd):
            ticket = session.get_one(Ticket, ticket_id)
            assert (ticket.status, ticket.read_failures, ticket.idea.state) == (TicketStatus.OPEN, 1, IdeaState.PLANNED)
            assert ticket.read_error


def test_nothing_due_asks_nobody(database: Database) -> None:
    with respx.mock():
        assert sync_tickets() == 0
