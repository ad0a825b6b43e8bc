"""What platforms say later of our answers: each is believed once, in whatever order and however often it is told."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from inbox.channels.ledger import totals
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import N_, Batch, IncomingReport, OutcomeUnknown, Receipt
from inbox.conversations.close import close
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, ConversationState, Message
from inbox.conversations.reply import reply
from inbox.database import Database, is_sqlite
from inbox.ideas.models import Idea
from inbox.outbox.attempt import attempt
from inbox.outbox.claim import Claimed
from inbox.outbox.confirm import AT_ONCE, KEPT, confirm, forget_reports
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryReport, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.queue import queue_delivery
from inbox.outbox.resolve import Resolution, resolve
from inbox.outbox.settle import settle
from inbox.settlements.spread import spread
from inbox.teams.models import ProductTeam, Teammate
from inbox.tickets.models import Ticket, TicketStatus
from inbox.tickets.push import push
from inbox.trackers.models import Tracker
from tests.incoming import Statements, batch_of, written
from tests.making import make_channel, make_conversation, make_teammate
from tests.outgoing import claim_next
from tests.unit.outbox.platform import Platform

CLOSED = N_("The window is closed.")


class Office:
    """A person who has asked, a teammate who has answered, and a platform that tells more later."""

    def __init__(self, database: Database) -> None:
        self.database, self.platform = database, Platform()
        with database.writing() as session:
            self.channel, self.ada = make_channel(session), make_teammate(session)
            self.thread = make_conversation(session, self.channel, ("Where is it?",))

    def answer(self, text: str = "Here.") -> int:
        with self.database.writing() as session:
            thread = session.get_one(Conversation, self.thread.id)
            ada = session.get_one(Teammate, self.ada.id)
            said = reply(session, thread, text=text, by=ada, seen_version=thread.version, undo_seconds=0)
            assert said.delivery_id
            return said.delivery_id

    def claim(self) -> Claimed:
        with self.database.writing() as session:
            claimed = claim_next(session)
        assert claimed
        return claimed

    def send(self) -> str:
        """Send what is due; the id under which it left."""
        claimed = self.claim()
        self.settle(claimed)
        return self.name_of(claimed.delivery.id)

    def settle(self, claimed: Claimed) -> None:
        outcome = attempt(claimed, self.platform.carriers())
        with self.database.writing() as session:
            spread(session, settle(session, claimed, outcome))

    def told(self, *reports: IncomingReport, channel: Channel | None = None, **more: Any) -> None:
        with self.database.writing() as session:
            ingest(session, channel or self.channel, "received", Batch(reports=reports, **more))

    def confirm(self) -> int:
        with self.database.writing() as session:
            changed = confirm(session)
            for delivery in changed:
                spread(session, delivery)
        return len(changed)

    def resolve(self, number: int, resolution: Resolution) -> None:
        with self.database.writing() as session:
            delivery, ada = session.get_one(Delivery, number), session.get_one(Teammate, self.ada.id)
            spread(session, resolve(session, delivery, resolution, by=ada))

    def delivery(self, number: int) -> Delivery:
        with self.database.reading() as session:
            return session.get_one(Delivery, number)

    def name_of(self, number: int) -> str:
        return self.delivery(number).external_id or ""

    def conversation(self) -> Conversation:
        with self.database.reading() as session:
            return session.get_one(Conversation, self.thread.id)

    def reports(self) -> Sequence[DeliveryReport]:
        with self.database.reading() as session:
            return session.scalars(sa.select(DeliveryReport)).all()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def arrived(name: str) -> IncomingReport:
    return IncomingReport(name, True)


def failed(name: str) -> IncomingReport:
    return IncomingReport(name, False, CLOSED)


def test_an_answer_that_did_not_arrive_is_failed_and_its_person_waits_again(office: Office) -> None:
    waited = office.conversation().waiting_since
    number = office.answer()
    name = office.send()
    with office.database.writing() as session:
        close(session, session.get_one(Conversation, office.thread.id), by=session.get_one(Teammate, office.ada.id))
    office.told(failed(name))
    assert office.confirm() == 1
    delivery, conversation = office.delivery(number), office.conversation()
    assert (delivery.state, delivery.last_error) == (DeliveryState.FAILED, CLOSED)
    assert (conversation.state, conversation.waiting_since) == (ConversationState.OPEN, waited)


def test_a_reason_can_be_told_in_every_language(office: Office) -> None:
    number = office.answer()
    office.told(IncomingReport(office.send(), False, N_("The mail came back: %(told)s", told=N_("full"))))
    office.confirm()
    reason: Any = office.delivery(number).last_error
    assert (reason.words, reason.values["told"].words) == ("The mail came back: %(told)s", "full")


@pytest.mark.parametrize("order", sorted({"".join(order) for order in permutations("aaff")}))
@pytest.mark.parametrize("at_once", [True, False])
def test_that_it_arrived_stands_in_any_order(office: Office, order: str, at_once: bool) -> None:
    number = office.answer()
    name = office.send()
    told = [arrived(name) if each == "a" else failed(name) for each in order]
    for some in [told] if at_once else [[each] for each in told]:
        office.told(*some)
        office.confirm()
    assert office.delivery(number).state == DeliveryState.SENT
    assert office.conversation().waiting_since is None


def test_a_report_that_comes_before_the_id_is_known_waits_for_it(office: Office) -> None:
    number = office.answer()
    claimed = office.claim()
    office.told(failed(f"external-{claimed.delivery.key}"))
    assert office.confirm() == 0
    office.settle(claimed)
    assert office.delivery(number).state == DeliveryState.SENT
    assert office.confirm() == 1
    assert office.delivery(number).state == DeliveryState.FAILED


def test_a_report_that_comes_while_the_id_is_being_stored_is_not_lost(office: Office) -> None:
    if office.database.engine.dialect.name == "sqlite":
        pytest.skip("one writes at a time there")
    number = office.answer()
    claimed = office.claim()
    outcome = attempt(claimed, office.platform.carriers())
    with office.database.writing() as session:
        spread(session, settle(session, claimed, outcome))
        session.flush()
        office.told(failed(outcome.receipt.external_id))
        assert office.confirm() == 0
    assert office.confirm() == 1
    assert office.delivery(number).state == DeliveryState.FAILED


def test_a_worker_that_slept_does_not_undo_what_was_said_meanwhile(office: Office) -> None:
    number = office.answer()
    claimed = office.claim()
    with office.database.writing() as session:
        spread(session, settle(session, claimed, attempt(claimed, office.platform.carriers())))
    office.told(failed(office.name_of(number)))
    office.confirm()
    late = Outcome(Result.SENT, Receipt(office.name_of(number)))
    with office.database.writing() as session:
        assert settle(session, claimed, late) is None
    assert office.delivery(number).state == DeliveryState.FAILED


def test_two_who_confirm_at_once_do_it_once(office: Office) -> None:
    if office.database.engine.dialect.name == "sqlite":
        pytest.skip("one writes at a time there")
    office.answer()
    office.told(failed(office.send()))
    with office.database.writing() as session:
        assert len(confirm(session)) == 1
        assert office.confirm() == 0


def test_an_idea_that_came_back_by_mail_has_not_arrived(office: Office) -> None:
    with office.database.writing() as session:
        team, idea = ProductTeam(name="Garden"), Idea(title="Fly")
        session.add_all([team, idea])
        session.flush()
        tracker = Tracker(product_team_id=team.id, kind="email", name="By mail", settings={"address": "p@gone.test"})
        session.add(tracker)
        session.flush()
        ticket = push(session, idea, tracker, by=session.get_one(Teammate, office.ada.id))
    name = office.send()
    office.told(failed(name))
    assert office.confirm() == 1
    with office.database.reading() as session:
        stored = session.get_one(Ticket, ticket.id)
        assert stored.delivery
        assert (stored.status, stored.delivery.state) == (TicketStatus.PENDING, DeliveryState.FAILED)
        assert stored.tracker.last_error == CLOSED
    office.resolve(stored.delivery.id, Resolution.AGAIN)
    assert office.send() != name
    with office.database.reading() as session:
        assert session.get_one(Ticket, ticket.id).status == TicketStatus.UNREADABLE


def test_an_unsure_answer_is_sent_when_its_arrival_is_told(office: Office) -> None:
    number = office.answer()

    def silent(key: str) -> None:
        raise OutcomeUnknown(N_("Silence."), external_id=f"external-{key}")

    office.platform.lose = silent
    name = office.send()
    assert office.delivery(number).state == DeliveryState.UNSURE
    office.told(arrived(name))
    assert office.confirm() == 1
    delivery = office.delivery(number)
    assert (delivery.state, delivery.look_at, delivery.last_error) == (DeliveryState.SENT, None, "")


@pytest.mark.parametrize(("is_automatic", "state"), [(False, DeliveryState.SENT), (True, DeliveryState.UNSURE)])
def test_whoever_answers_an_unsure_answer_has_got_it(office: Office, is_automatic: bool, state: DeliveryState) -> None:
    number = office.answer()

    def silent(key: str) -> None:
        raise OutcomeUnknown(N_("Silence."), external_id=f"external-{key}")

    office.platform.lose = silent
    name = office.send()
    thanks = written("thanks", thread="new", parent_id=name, is_automatic=is_automatic)
    with office.database.writing() as session:
        ingest(session, office.channel, "inbox", batch_of(thanks))
    office.confirm()
    assert office.delivery(number).state == state
    with office.database.reading() as session:
        stored = session.scalars(sa.select(Message).where(Message.external_id == "thanks")).one()
    assert stored.conversation_id == office.thread.id


def test_what_others_send_through_the_same_account_is_not_kept(office: Office) -> None:
    office.answer()
    office.send()
    office.told(*(failed(f"newsletter-{number}") for number in range(50)), arrived(""), arrived("\0"))
    assert not office.reports()


def test_the_same_id_on_another_channel_is_another_answer(office: Office) -> None:
    number = office.answer()
    name = office.send()
    with office.database.writing() as session:
        other = make_channel(session)
        act = {"kind": DeliveryKind.ACT, "payload": {}, "channel": other}
        queue_delivery(session, key="act", **act).external_id = name
    office.told(failed(name), channel=other)
    assert office.confirm() == 0
    assert office.delivery(number).state == DeliveryState.SENT


def test_a_persons_word_after_the_report_stands_when_the_report_is_repeated(office: Office) -> None:
    number = office.answer()
    name = office.send()
    office.told(failed(name))
    office.confirm()
    office.resolve(number, Resolution.ARRIVED)
    office.told(failed(name))
    assert office.confirm() == 0
    assert office.delivery(number).state == DeliveryState.SENT


def test_what_came_back_is_sent_again_as_another_thing(office: Office) -> None:
    number = office.answer()
    first = office.send()
    office.told(failed(first))
    office.confirm()
    office.resolve(number, Resolution.AGAIN)
    second = office.send()
    delivery = office.delivery(number)
    assert (delivery.state, delivery.payload["key"]) == (DeliveryState.SENT, delivery.key)
    assert second != first
    assert len(set(office.platform.arrived)) == 2
    with office.database.reading() as session:
        assert session.scalars(sa.select(Message.external_id).where(Message.delivery_id == number)).one() == second
    # The first one's report is repeated, and the second one's comes.
    office.told(failed(first))
    assert office.confirm() == 0
    office.told(failed(second))
    assert office.confirm() == 1


def test_one_that_was_given_up_is_sent_again_under_its_own_key(office: Office) -> None:
    number = office.answer()
    key = office.delivery(number).key

    def silent(key: str) -> None:
        raise OutcomeUnknown(N_("Silence."), external_id=f"external-{key}")

    office.platform.lose = silent
    office.send()
    office.resolve(number, Resolution.GIVE_UP)
    office.resolve(number, Resolution.AGAIN)
    assert office.delivery(number).key == key


def test_reports_take_as_many_statements_however_many_they_are(office: Office) -> None:
    office.answer()
    name, seen = office.send(), []
    for number in (1, 400):
        with office.database.writing() as session, Statements(session) as statements:
            told = [failed(name), *(arrived(f"other-{each}") for each in range(number))]
            ingest(session, office.channel, "received", Batch(reports=told))
        seen.append(len(statements.seen))
    assert seen[0] == seen[1]
    assert len(office.reports()) == 1


def test_reports_are_no_items_of_the_ledger(office: Office) -> None:
    office.answer()
    office.told(failed(office.send()), filtered=1)
    with office.database.reading() as session:
        counts = totals(session, office.channel.id)
    assert (counts.fetched, counts.filtered, counts.balances) == (1, 1, True)


def test_what_nobody_repeats_any_more_is_forgotten(office: Office) -> None:
    office.answer()
    office.told(failed(office.send()))
    with office.database.writing() as session:
        assert forget_reports(session) == 0
    with time_machine.travel(now() + KEPT + timedelta(hours=1)), office.database.writing() as session:
        assert forget_reports(session) == 1
    assert not office.reports()


def test_more_reports_than_are_settled_at_once_are_settled_by_and_by(office: Office) -> None:
    with office.database.writing() as session:
        for number in range(AT_ONCE + 5):
            put = {"kind": DeliveryKind.REPLY, "payload": {}, "channel": office.channel}
            delivery = queue_delivery(session, key=f"many-{number}", **put)
            delivery.state, delivery.external_id = DeliveryState.SENT, f"many-{number}"
    office.told(*(failed(f"many-{number}") for number in range(AT_ONCE + 5)))
    assert [office.confirm() for _ in range(3)] == [AT_ONCE, 5, 0]


def test_looking_for_reports_reads_no_deliveries_of_which_nothing_was_said(session: Session) -> None:
    if not is_sqlite(session):
        pytest.skip("PostgreSQL plans with the number of rows")
    asked: list[tuple[str, Any]] = []
    sa.event.listen(session.connection(), "before_cursor_execute", lambda *heard: asked.append(heard[2:4]))
    confirm(session)
    questions = tuple(asked)
    for statement, parameters in questions:
        first, *_others = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        assert "ix_delivery_reports_open" in first[-1]
    assert len(questions) == 2
