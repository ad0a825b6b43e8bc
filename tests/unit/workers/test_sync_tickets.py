"""The recipe that reads tickets back."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
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
from workers.sync_tickets import PER_HOST, leave, sync_tickets

ISSUES = "https://api.github.com/repos/garden/app/issues"
SLOW = "https://slow.example/api/v3"
# Nothing here takes as long.
LONG = 20.0


@pytest.fixture(autouse=True)
def fresh(database: Database) -> Iterator[None]:
    yield
    leave(LONG)
    if opened.open_database.cache_info().currsize:
        opened.open_database().dispose()
    opened.open_database.cache_clear()
    opened.open_vault.cache_clear()


def plant(database: Database, number: int, api_url: str = "https://api.github.com") -> int:
    with database.writing() as session:
        vault = open_vault(load_settings())
        team = a_team(session, f"team {number}")
        setup = read_setup("github", {"repository": "garden/app", "token": "t", "api_url": api_url})
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
        sync_tickets(LONG)
        assert len(router.calls) == 3
        sync_tickets(LONG)
        assert len(router.calls) == 3
    with database.reading() as session:
        assert session.get_one(Ticket, done).idea.state == IdeaState.SHIPPED
        assert session.get_one(Ticket, done).status == TicketStatus.DONE
        for ticket_id in (broken, odd):
            ticket = session.get_one(Ticket, ticket_id)
            assert (ticket.status, ticket.read_failures, ticket.idea.state) == (TicketStatus.OPEN, 1, IdeaState.PLANNED)
            assert ticket.read_error


def test_nothing_due_asks_nobody(database: Database) -> None:
    with respx.mock() as router:
        sync_tickets(LONG)
        assert len(router.calls) == 0


def test_a_tracker_that_takes_its_time_delays_neither_the_others_nor_the_worker(database: Database) -> None:
    slow = [plant(database, number, SLOW) for number in range(1, 6)]
    quick = [plant(database, number) for number in range(6, 12)]
    quick_left, others_are_read, asked_at_once = set(quick), threading.Event(), 0

    def closed(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"state": "closed", "state_reason": "completed"})

    def wait(request: httpx.Request) -> httpx.Response:
        nonlocal asked_at_once
        asked_at_once += 1
        return closed(request) if others_are_read.wait(LONG) else httpx.Response(503)

    with respx.mock() as router:
        router.get(url__startswith=SLOW).mock(side_effect=wait)
        router.get(url__startswith=ISSUES).mock(side_effect=closed)
        sync_tickets(0.0)
        while quick_left:
            with database.reading() as session:
                quick_left = {each for each in quick if session.get_one(Ticket, each).read_at is None}
        assert asked_at_once == PER_HOST
        others_are_read.set()
        sync_tickets(LONG)
    with database.reading() as session:
        assert {session.get_one(Ticket, each).status for each in (*slow, *quick)} == {TicketStatus.DONE}
