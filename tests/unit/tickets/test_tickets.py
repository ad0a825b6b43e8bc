"""An idea's twin in a tracker: pushed once, settled, read back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import Gone, NeedsPerson, Passing, RateLimited
from inbox.connectors.tracker_contract import TicketState
from inbox.database import Database
from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.promote import promote
from inbox.ideas.refusal import IdeaRefused
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.parcels import card_of
from inbox.tickets.browse import browse
from inbox.tickets.due import claim, find_due
from inbox.tickets.hand_over import hand_over
from inbox.tickets.models import Ticket, TicketStatus
from inbox.tickets.push import push
from inbox.tickets.settle_ticket import settle_ticket
from inbox.tickets.sync import sync
from tests.garden import a_member, a_message, a_team, a_teammate, a_tracker
from tests.incoming import Statements


def an_idea(session: Session, **fields: Any) -> Idea:
    idea = promote(
        session, a_message(session, "dark mode please", a_member(session, "Ada")), 0, 0, title="Dark mode", by=None
    ).idea
    for name, value in fields.items():
        setattr(idea, name, value)
    session.flush()
    return idea


def deliveries(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Delivery)) or 0


def sent(session: Session, idea: Idea, **fields: Any) -> Ticket:
    """A ticket that arrived as issue 42."""
    ticket = push(session, idea, a_tracker(session, a_team(session, f"team {deliveries(session)}")), by=None)
    assert ticket.delivery is not None
    ticket.delivery.state, ticket.delivery.external_id, ticket.delivery.url = DeliveryState.SENT, "42", "https://g/42"
    settle_ticket(session, ticket.delivery)
    for name, value in fields.items():
        setattr(ticket, name, value)
    session.flush()
    return ticket


def read(session: Session, ticket: Ticket, state: str) -> bool:
    return sync(session, ticket.id, TicketState("42", state))


def test_a_push_queues_one_delivery_with_the_whole_card(session: Session) -> None:
    idea, tracker = an_idea(session), a_tracker(session, a_team(session))
    ticket = push(session, idea, tracker, by=a_teammate(session))
    delivery = session.get_one(Delivery, ticket.delivery_id)
    assert delivery.key.startswith(f"idea-{idea.id}-tracker-{tracker.id}-")
    assert delivery.kind == DeliveryKind.TICKET
    assert (delivery.tracker_id, delivery.subject_kind, delivery.subject_id) == (tracker.id, "ticket", ticket.id)
    card = card_of(delivery.payload)
    assert (card.title, card.people, card.team, card.language) == ("Dark mode", 1, "Search", "en")
    assert card.back_url.endswith(f"/ideas/{idea.id}")
    assert card.quotes == (("dark mode please", "Ada", "https://forum.example/1"),)


def test_pushing_again_sends_nothing_again(session: Session) -> None:
    idea, tracker = an_idea(session), a_tracker(session, a_team(session))
    assert push(session, idea, tracker, by=None).id == push(session, idea, tracker, by=None).id
    assert deliveries(session) == 1


def test_a_new_idea_with_the_number_of_a_removed_one_is_sent_too(session: Session) -> None:
    idea, tracker = an_idea(session), a_tracker(session, a_team(session))
    first = push(session, idea, tracker, by=None).delivery_id
    number = idea.id
    session.delete(idea)
    session.flush()
    session.expire_all()
    again = Idea(id=number, title="Another", created_at=now() + timedelta(days=1))
    session.add(again)
    session.flush()
    assert push(session, again, tracker, by=None).delivery_id != first


def test_a_mailbox_gets_a_mail(session: Session) -> None:
    idea = an_idea(session)
    ticket = push(session, idea, a_tracker(session, a_team(session), "email", address="team@example.org"), by=None)
    delivery = session.get_one(Delivery, ticket.delivery_id)
    assert delivery.kind == DeliveryKind.MAIL
    assert delivery.payload["to"] == "team@example.org"
    assert "Dark mode" in delivery.payload["subject"]


def test_a_failed_push_is_tried_once_more_when_asked(session: Session) -> None:
    idea, tracker, mo = an_idea(session), a_tracker(session, a_team(session)), a_teammate(session)
    ticket = push(session, idea, tracker, by=mo)
    assert ticket.delivery is not None
    ticket.delivery.state, ticket.delivery.last_error = DeliveryState.FAILED, "token expired"
    settle_ticket(session, ticket.delivery)
    assert (ticket.status, tracker.last_error) == (TicketStatus.PENDING, "token expired")
    push(session, idea, tracker, by=mo)
    assert (ticket.delivery.state, deliveries(session)) == (DeliveryState.QUEUED, 1)


def test_merged_ideas_and_trackers_switched_off_are_refused(session: Session) -> None:
    idea, tracker = an_idea(session), a_tracker(session, a_team(session))
    tracker.is_active = False
    with pytest.raises(IdeaRefused):
        push(session, idea, tracker, by=None)
    tracker.is_active, idea.merged_into_id = True, an_idea(session).id
    with pytest.raises(IdeaRefused):
        push(session, idea, tracker, by=None)
    assert deliveries(session) == 0


def test_handing_over_reaches_every_active_tracker_once(session: Session) -> None:
    idea, team = an_idea(session), a_team(session)
    for kind in ("github", "webhook"):
        a_tracker(session, team, kind)
    a_tracker(session, team, "github").is_active = False
    a_tracker(session, a_team(session, "Other"))
    assert len(hand_over(session, idea, team, by=None)) == 2
    assert len(hand_over(session, idea, team, by=None)) == 2
    assert (idea.state, idea.product_team_id, deliveries(session)) == (IdeaState.REVIEWING, team.id, 2)


def test_a_team_without_tracker_is_still_given_the_idea(session: Session) -> None:
    idea, team = an_idea(session), a_team(session)
    assert hand_over(session, idea, team, by=None) == []
    assert idea.product_team_id == team.id


def test_an_arrived_ticket_knows_where_it_lives_and_is_read_later(session: Session) -> None:
    ticket = sent(session, an_idea(session))
    assert (ticket.status, ticket.external_id, ticket.url) == (TicketStatus.OPEN, "42", "https://g/42")
    assert ticket.read_due_at is not None
    assert ticket.read_due_at > now()
    row = browse(session, [ticket.idea_id])[ticket.idea_id][0]
    assert row.delivery is not None
    assert (row.url, row.delivery.state) == ("https://g/42", DeliveryState.SENT)


def test_a_receiver_that_tells_nothing_is_not_read(session: Session) -> None:
    ticket = push(session, an_idea(session), a_tracker(session, a_team(session), "webhook"), by=None)
    assert ticket.delivery is not None
    ticket.delivery.state, ticket.delivery.external_id = DeliveryState.SENT, "x"
    settle_ticket(session, ticket.delivery)
    assert (ticket.status, ticket.read_due_at) == (TicketStatus.UNREADABLE, None)


def test_a_delivery_that_is_no_ticket_is_left_alone(session: Session) -> None:
    other = Delivery(key="k", kind=DeliveryKind.REPLY, state=DeliveryState.SENT)
    session.add(other)
    session.flush()
    assert settle_ticket(session, other) is None


@pytest.mark.parametrize(
    ("before", "state", "after"),
    [
        (IdeaState.NEW, "done", IdeaState.NEW),
        (IdeaState.REVIEWING, "done", IdeaState.SHIPPED),
        (IdeaState.PLANNED, "done", IdeaState.SHIPPED),
        (IdeaState.BUILDING, "done", IdeaState.SHIPPED),
        (IdeaState.DECLINED, "done", IdeaState.DECLINED),
        (IdeaState.SHIPPED, "done", IdeaState.SHIPPED),
        (IdeaState.PLANNED, "declined", IdeaState.DECLINED),
        (IdeaState.SHIPPED, "declined", IdeaState.SHIPPED),
        (IdeaState.PLANNED, "open", IdeaState.PLANNED),
    ],
)
def test_the_trackers_word_moves_the_idea(session: Session, before: IdeaState, state: str, after: IdeaState) -> None:
    idea = an_idea(session, state=before)
    assert read(session, sent(session, idea), state) is (before != after)
    assert idea.state == after


@pytest.mark.parametrize(("closed", "state"), [("done", IdeaState.SHIPPED), ("declined", IdeaState.DECLINED)])
def test_a_reopened_ticket_puts_the_idea_back_to_being_built(session: Session, closed: str, state: IdeaState) -> None:
    idea = an_idea(session, state=IdeaState.PLANNED)
    ticket = sent(session, idea)
    read(session, ticket, closed)
    assert idea.state == state
    assert read(session, ticket, "open")
    assert idea.state == IdeaState.BUILDING


def test_a_person_may_disagree_and_is_not_overruled_by_the_same_news(session: Session) -> None:
    idea = an_idea(session, state=IdeaState.PLANNED)
    ticket = sent(session, idea)
    read(session, ticket, "done")
    idea.state = IdeaState.REVIEWING
    assert read(session, ticket, "done") is False
    assert idea.state == IdeaState.REVIEWING


def test_work_split_over_two_trackers_ships_when_both_are_done(session: Session) -> None:
    idea = an_idea(session, state=IdeaState.PLANNED)
    one, two = sent(session, idea), sent(session, idea)
    assert read(session, one, "done") is False
    assert read(session, two, "done") is True
    assert idea.state == IdeaState.SHIPPED


def test_the_old_ticket_of_a_merged_idea_moves_nothing(session: Session) -> None:
    idea, other = an_idea(session, state=IdeaState.PLANNED), an_idea(session, title="Other")
    ticket = sent(session, idea)
    idea.merged_into_id = other.id
    assert read(session, ticket, "declined") is False


def test_blips_back_off_and_success_forgets_them(session: Session) -> None:
    ticket = sent(session, an_idea(session))
    pauses = []
    for _ in range(12):
        sync(session, ticket.id, Passing("no connection"))
        assert ticket.read_due_at is not None
        pauses.append(round((ticket.read_due_at - now()) / timedelta(minutes=1)))
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5, 12 * 60)
    assert ticket.tracker.last_error == ""
    read(session, ticket, "open")
    assert (ticket.read_failures, ticket.read_error) == (0, "")


def test_patience_is_kept_wrong_tokens_are_told_and_gone_is_gone(session: Session) -> None:
    ticket = sent(session, an_idea(session))
    sync(session, ticket.id, RateLimited("wait", retry_after=7_200))
    assert ticket.read_due_at is not None
    assert ticket.read_due_at - now() > timedelta(minutes=119)
    sync(session, ticket.id, NeedsPerson("token expired"))
    assert ticket.tracker.last_error == "token expired"
    sync(session, ticket.id, Gone("deleted"))
    assert (ticket.read_due_at, ticket.read_error, ticket.status) == (None, "deleted", TicketStatus.OPEN)
    assert sync(session, ticket.id + 99, Passing("x")) is False


def test_a_due_ticket_is_given_to_one_worker(database: Database) -> None:
    with database.writing() as session:
        sent(session, an_idea(session), read_due_at=now() - timedelta(minutes=1))
        sent(session, an_idea(session, title="Later"))
        off = sent(session, an_idea(session, title="Off"), read_due_at=now() - timedelta(minutes=1))
        off.tracker.is_active = False
    with database.writing() as session:
        ((number, host),) = find_due(session)
        assert host == "github"
        assert find_due(session, besides=[number]) == find_due(session, without=[host]) == []
        (found,) = claim(session, [number, off.id])
    assert (found.id, found.tracker.kind) == (number, "github")
    with database.writing() as session:
        assert find_due(session) == []
        assert claim(session, [number]) == []


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_statements_does_not_depend_on_how_many_are_due(session: Session, number: int) -> None:
    due_at = now() - timedelta(minutes=1)
    ids = [sent(session, an_idea(session), read_due_at=due_at).id for _ in range(number)]
    session.expunge_all()
    with Statements(session) as statements:
        assert {found for found, _ in find_due(session)} == set(ids)
        assert [ticket.tracker.kind for ticket in claim(session, ids)] == ["github"] * number
    assert len(statements.seen) == 3
