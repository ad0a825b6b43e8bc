"""What may leave: with whose patience it has to be asked for, in which order, in how few statements."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.config import Settings
from inbox.outbox.claim import claim
from inbox.outbox.due import MAIL, find_due, find_looks, mail_host
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.queue import queue_delivery
from inbox.outbox.rescue import claim_looks
from inbox.trackers.models import Tracker
from tests.garden import a_team, a_tracker
from tests.incoming import Statements
from tests.making import make_channel


def put(session: Session, key: str, kind: DeliveryKind = DeliveryKind.REPLY, **options: object) -> Delivery:
    return queue_delivery(session, key=key, kind=kind, payload={}, **options)  # type: ignore[arg-type]


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session, host="garden.example")


@pytest.fixture
def tracker(session: Session) -> Tracker:
    tracker = a_tracker(session, a_team(session))
    tracker.host = "api.github.com"
    session.flush()
    return tracker


def test_each_waits_for_the_host_that_takes_it(session: Session, channel: Channel, tracker: Tracker) -> None:
    put(session, "reply", channel=channel)
    put(session, "ticket", DeliveryKind.TICKET, tracker=tracker)
    put(session, "digest", DeliveryKind.MAIL)
    put(session, "idea by mail", DeliveryKind.MAIL, tracker=tracker)
    put(session, "of a channel that is gone")
    assert [host for _, host in find_due(session)] == ["garden.example", "api.github.com", "", MAIL, MAIL]
    found = find_due(session, mail_host="imap.example", without=["garden.example", ""])
    assert [host for _, host in found] == ["api.github.com", "imap.example", "imap.example"]


def test_mails_share_the_lanes_of_the_mailbox_that_they_leave_through(
    session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mail_host(session, settings) == MAIL
    make_channel(session, kind="email", host="imap.example")
    assert mail_host(session, settings) == "imap.example"
    own = settings.model_copy(update={"smtp_url": type(settings.smtp_url)("smtp://relay.example")})
    assert mail_host(session, own) == MAIL


def test_what_has_waited_longest_comes_first_and_what_is_given_is_left_out(session: Session, channel: Channel) -> None:
    moment = now()
    numbers = [
        put(session, f"{each}", channel=channel, not_before=moment - timedelta(minutes=each)).id for each in range(4)
    ]
    put(session, "later", channel=channel, not_before=moment + timedelta(minutes=1))
    assert [number for number, _ in find_due(session)] == numbers[::-1]
    assert [number for number, _ in find_due(session, besides=numbers[1:3])] == [numbers[3], numbers[0]]


def test_an_answer_does_not_wait_for_a_week_s_digests(session: Session) -> None:
    mailbox = make_channel(session, kind="email", host="imap.example")
    digests = [put(session, f"digest {each}", DeliveryKind.MAIL).id for each in range(3)]
    answer = put(session, "answer", channel=mailbox)
    found = find_due(session, mail_host="imap.example")
    assert found == [(number, "imap.example") for number in (answer.id, *digests)]


def test_one_on_its_way_holds_its_lane_also_for_what_came_before(session: Session, channel: Channel) -> None:
    """An earlier one may come back from being unsure while a later one is leaving."""
    first, second = (put(session, key, channel=channel, lane="thread") for key in ("first", "second"))
    assert [number for number, _ in find_due(session)] == [first.id]
    first.state = DeliveryState.UNSURE
    session.flush()
    (held,) = claim(session, [second.id])
    first.state = DeliveryState.QUEUED
    session.flush()
    assert find_due(session) == []
    assert claim(session, [first.id]) == []
    held.delivery.state = DeliveryState.SENT
    session.flush()
    assert [number for number, _ in find_due(session)] == [first.id]


def test_an_attempt_ends_before_its_claim(session: Session, channel: Channel) -> None:
    put(session, "reply", channel=channel)
    (held,) = claim(session, [number for number, _ in find_due(session)])
    assert held.delivery.claimed_until
    assert held.delivery.claimed_until - held.ends_at >= timedelta(seconds=60)
    assert held.ends_at > now() + timedelta(minutes=3)
    assert (held.delivery.state, held.delivery.attempts, held.delivery.claim) == ("sending", 1, held.claim)


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_statements_does_not_depend_on_how_many_leave(
    session: Session, tracker: Tracker, number: int
) -> None:
    for each in range(number):
        put(session, f"reply {each}", channel=make_channel(session, host=f"host{each % 5}.example"))
        put(session, f"ticket {each}", DeliveryKind.TICKET, tracker=tracker)
        put(session, f"mail {each}", DeliveryKind.MAIL)
    with Statements(session) as finding:
        due = [found for found, _ in find_due(session)]
    session.expunge_all()
    with Statements(session) as claiming:
        held = claim(session, due)
    assert len(held) == 3 * number
    assert len({each.channel.host for each in held if each.channel}) == min(number, 5)
    assert (len(finding.seen), len(claiming.seen)) == (1, 5)


@pytest.mark.parametrize("number", [1, 30])
def test_nor_on_how_many_are_looked_up(session: Session, channel: Channel, number: int) -> None:
    for each in range(number):
        delivery = put(session, f"reply {each}", channel=channel)
        delivery.state, delivery.look_at = DeliveryState.UNSURE, now() - timedelta(minutes=each)
    session.flush()
    session.expunge_all()
    with Statements(session) as statements:
        held = claim_looks(session, [found for found, _ in find_looks(session)])
    assert [each.delivery.looks for each in held] == [1] * number
    assert len(statements.seen) == 4
    assert find_looks(session) == []
