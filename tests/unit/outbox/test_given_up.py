"""A platform that loses every answer is looked at and sent to so often, then a person is asked."""

from datetime import datetime, timedelta

import pytest
import time_machine

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import N_, Act, ActName, OutcomeUnknown, OutgoingReply, Passing
from inbox.database import Database
from inbox.outbox.attempt import attempt
from inbox.outbox.claim import LEASE
from inbox.outbox.look import look
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.outbox.rescue import LOOK_PAUSES, settle_look
from inbox.outbox.resolve import Resolution, resolve
from inbox.outbox.settle import PAUSES, settle
from tests.making import make_channel, make_teammate
from tests.outgoing import claim_next, claim_next_look
from tests.unit.outbox.platform import Platform

LOST = N_("The platform answered 500; it may have been accepted.")


@pytest.fixture
def platform() -> Platform:
    losing = Platform()

    def lose(_key: str) -> None:
        raise OutcomeUnknown(LOST)

    losing.mood = lose
    return losing


@pytest.fixture
def channel(database: Database) -> Channel:
    with database.writing() as session:
        return make_channel(session)


def put(database: Database, channel: Channel, kind: DeliveryKind) -> int:
    reply = OutgoingReply(key="one", text="Hi", thread_id="t", parent_id="p", parent_handle={}, created_at=now())
    act = Act(key="one", name=ActName.HIDE, message_id="m", author_id="a", handle={})
    parcel = act if kind == DeliveryKind.ACT else reply
    with database.writing() as session:
        return queue_delivery(session, key="one", kind=kind, payload=payload_of(parcel), channel=channel).id


def peek(database: Database, number: int) -> Delivery:
    with database.reading() as session:
        return session.get_one(Delivery, number)


def let_pass(database: Database, platform: Platform, number: int, days: float) -> list[datetime]:
    """Workers send and look whatever is due, for so long; returns the moments of the attempts."""
    moment, sent_at = now(), []
    until = moment + timedelta(days=days)
    while moment < until and len(sent_at) < 100:
        with time_machine.travel(moment, tick=False):
            with database.writing() as session:
                claimed, looked = claim_next(session), claim_next_look(session)
            if claimed:
                sent_at.append(now())
                with database.writing() as session:
                    settle(session, claimed, attempt(claimed, platform.carriers()))
            if looked:
                with database.writing() as session:
                    settle_look(session, looked, look(looked, platform.carriers()))
        delivery = peek(database, number)
        due_at = delivery.not_before if delivery.state == DeliveryState.QUEUED else delivery.look_at
        if due_at is None:
            return sent_at
        moment = max(due_at, moment)
    return sent_at


def test_an_answer_that_never_arrives_is_given_up(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel, DeliveryKind.REPLY)
    sent_at = let_pass(database, platform, number, days=30)
    assert len(sent_at) == len(PAUSES) + 1
    assert sent_at[-1] - sent_at[0] > timedelta(hours=8), "a fault of some hours is outlasted"
    delivery = peek(database, number)
    assert delivery.state == DeliveryState.FAILED
    assert not delivery.may_have_left
    assert "10 attempts" in delivery.last_error
    assert delivery.last_error.endswith(LOST)


def test_an_act_that_is_never_confirmed_stays_unsure(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel, DeliveryKind.ACT)
    assert len(let_pass(database, platform, number, days=30)) == len(PAUSES) + 1
    delivery = peek(database, number)
    assert (delivery.state, delivery.look_at) == (DeliveryState.UNSURE, None)
    assert "10 attempts" in delivery.last_error


def test_a_person_has_it_tried_as_often_once_more(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel, DeliveryKind.REPLY)
    let_pass(database, platform, number, days=30)
    with database.writing() as session:
        resolve(session, session.get_one(Delivery, number), Resolution.AGAIN, by=make_teammate(session))
    platform.mood = lambda _key: None
    let_pass(database, platform, number, days=1)
    assert peek(database, number).state == DeliveryState.SENT
    assert platform.arrived == ["one"]


def test_each_attempt_is_looked_up_as_patiently_as_the_first(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel, DeliveryKind.REPLY)
    looks = 0

    def fail_at_first(_key: str) -> None:
        nonlocal looks
        looks += 1
        if looks % (len(LOOK_PAUSES) + 1):
            raise Passing(N_("The platform is down."))

    platform.look = fail_at_first
    let_pass(database, platform, number, days=30)
    assert peek(database, number).attempts == len(PAUSES) + 1
    assert peek(database, number).state == DeliveryState.FAILED


def test_a_look_that_breaks_every_worker_is_left_to_a_person(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel, DeliveryKind.REPLY)
    with database.writing() as session:
        claimed = claim_next(session)
    assert claimed is not None
    with database.writing() as session:
        settle(session, claimed, attempt(claimed, platform.carriers()))
    looks, moment = 0, now()
    while looks < 50:
        moment += LEASE + timedelta(minutes=1)
        with time_machine.travel(moment, tick=False), database.writing() as session:
            if claim_next_look(session) is None:
                break
        looks += 1
    assert looks == len(LOOK_PAUSES) + 1
    assert peek(database, number).state == DeliveryState.UNSURE
