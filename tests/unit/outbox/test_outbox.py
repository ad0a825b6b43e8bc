"""A delivery's way: queued once, claimed by one, attempted, settled; looked up when nobody knows; decided by a person."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from inbox.channels.models import Channel, ChannelState
from inbox.clock import now
from inbox.connectors.contract import NeedsPerson, OutcomeUnknown, OutgoingReply, Passing, RateLimited, Refused
from inbox.database import Database
from inbox.outbox.attempt import attempt
from inbox.outbox.cancel import cancel
from inbox.outbox.claim import LEASE, Claimed
from inbox.outbox.look import look
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.outbox.rescue import rescue, settle_look
from inbox.outbox.resolve import NothingToResolve, Resolution, resolve
from inbox.outbox.settle import PAUSES, settle
from tests.making import make_channel, make_teammate
from tests.outgoing import claim_next, claim_next_look
from tests.unit.outbox.platform import Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def channel(database: Database) -> Channel:
    with database.writing() as session:
        return make_channel(session)


def put(database: Database, channel: Channel | None, key: str = "reply-1", **options: Any) -> int:
    parcel = OutgoingReply(key=key, text="Hi", thread_id="t", parent_id="p", parent_handle={}, created_at=now())
    with database.writing() as session:
        kept = {"kind": DeliveryKind.REPLY, "payload": payload_of(parcel), "channel": channel, **options}
        return queue_delivery(session, key=key, **kept).id


def take(database: Database) -> Claimed | None:
    with database.writing() as session:
        return claim_next(session)


def finish(database: Database, claimed: Claimed, outcome: Outcome) -> Delivery | None:
    with database.writing() as session:
        return settle(session, claimed, outcome)


def run(database: Database, platform: Platform) -> Delivery | None:
    claimed = take(database)
    assert claimed is not None
    return finish(database, claimed, attempt(claimed, platform.carriers()))


def peek(database: Database, delivery_id: int) -> Delivery:
    with database.reading() as session:
        return session.get_one(Delivery, delivery_id)


def look_up(database: Database, platform: Platform) -> Delivery | None:
    with database.writing() as session:
        claimed = claim_next_look(session)
    if claimed is None:
        return None
    outcome = look(claimed, platform.carriers())
    with database.writing() as session:
        return settle_look(session, claimed, outcome)


def throw(error: Exception) -> Any:
    def thrown(_key: str) -> None:
        raise error

    return thrown


def test_the_same_key_is_queued_once(database: Database, channel: Channel) -> None:
    assert put(database, channel, "same") == put(database, channel, "same")
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 1


def test_a_key_that_no_column_holds_is_refused(database: Database, channel: Channel) -> None:
    with pytest.raises(ValueError, match="120"):
        put(database, channel, "k" * 121)


def test_a_sent_delivery_keeps_its_proof(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel)
    run(database, platform)
    delivery = peek(database, number)
    assert delivery.state == DeliveryState.SENT
    assert (delivery.external_id, delivery.receipt) == ("external-reply-1", {"undo": "reply-1"})
    assert delivery.claim == ""
    assert take(database) is None


def test_from_the_claim_on_it_may_have_left(database: Database, channel: Channel) -> None:
    number = put(database, channel)
    take(database)
    assert peek(database, number).may_have_left


def test_it_waits_for_its_moment(database: Database, channel: Channel) -> None:
    put(database, channel, not_before=now() + timedelta(seconds=10))
    assert take(database) is None
    with time_machine.travel(now() + timedelta(seconds=11)):
        assert take(database) is not None


def test_only_one_worker_gets_it(database: Database, channel: Channel) -> None:
    put(database, channel)
    assert take(database) is not None
    assert take(database) is None


def test_a_lane_leaves_in_order_and_one_at_a_time(database: Database, channel: Channel, platform: Platform) -> None:
    put(database, channel, "first", lane="conversation-1", not_before=now() + timedelta(seconds=5))
    put(database, channel, "second", lane="conversation-1")
    put(database, channel, "other", lane="conversation-2")
    other = take(database)
    assert other is not None
    assert other.delivery.key == "other"
    assert take(database) is None
    with time_machine.travel(now() + timedelta(seconds=6)):
        first = take(database)
        assert first is not None
        assert first.delivery.key == "first"
        assert take(database) is None
        finish(database, first, attempt(first, platform.carriers()))
        second = take(database)
        assert second is not None
        assert second.delivery.key == "second"


def test_a_cancelled_delivery_never_leaves(database: Database, channel: Channel) -> None:
    number = put(database, channel)
    with database.writing() as session:
        assert cancel(session, session.get_one(Delivery, number), by=None)
        assert not cancel(session, session.get_one(Delivery, number), by=None)
    assert take(database) is None


def test_what_is_leaving_cannot_be_cancelled(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel)
    claimed = take(database)
    assert claimed
    with database.writing() as session:
        assert not cancel(session, session.get_one(Delivery, number), by=None)
    finish(database, claimed, attempt(claimed, platform.carriers()))
    assert peek(database, number).state == DeliveryState.SENT


def test_a_blip_is_tried_again_with_growing_pauses(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel)
    platform.mood = throw(Passing("The server did not answer."))
    moment, pauses = now(), []
    for _ in range(len(PAUSES) + 1):
        with time_machine.travel(moment, tick=False):
            run(database, platform)
            delivery = peek(database, number)
            pauses.append((delivery.not_before - moment).total_seconds())
            moment = delivery.not_before
    assert peek(database, number).state == DeliveryState.FAILED
    assert "Given up" in peek(database, number).last_error
    assert pauses[:3] == sorted(pauses[:3])
    assert 8 <= pauses[0] <= 12
    assert platform.arrived == []


def test_a_platform_that_asks_for_patience_gets_it_for_all(
    database: Database, channel: Channel, platform: Platform
) -> None:
    first, second = put(database, channel, "a"), put(database, channel, "b")
    platform.mood = throw(RateLimited("Slow down.", retry_after=900))
    run(database, platform)
    assert peek(database, first).state == peek(database, second).state == DeliveryState.QUEUED
    assert take(database) is None
    with time_machine.travel(now() + timedelta(seconds=901)):
        assert take(database) is not None


@pytest.mark.parametrize("patience", [-5, 10**9, float("inf")])
def test_absurd_patience_is_bounded(database: Database, channel: Channel, platform: Platform, patience: float) -> None:
    number = put(database, channel)
    platform.mood = throw(RateLimited("Slow down.", retry_after=patience))
    run(database, platform)
    assert now() < peek(database, number).not_before <= now() + timedelta(days=1)


def test_a_refusal_fails_at_once_with_its_reason(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel)
    platform.mood = throw(Refused("Too long by 3."))
    run(database, platform)
    delivery = peek(database, number)
    assert (delivery.state, delivery.last_error, delivery.may_have_left) == (
        DeliveryState.FAILED,
        "Too long by 3.",
        False,
    )
    with database.reading() as session:
        assert session.get_one(Channel, channel.id).state == ChannelState.ACTIVE


def test_what_only_a_person_can_mend_breaks_the_channel(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel)
    platform.mood = throw(NeedsPerson("The token has expired; connect again."))
    run(database, platform)
    assert peek(database, number).state == DeliveryState.FAILED
    with database.reading() as session:
        kept = session.get_one(Channel, channel.id)
        assert (kept.state, kept.last_error) == (ChannelState.BROKEN, "The token has expired; connect again.")


def test_a_lost_answer_is_looked_up_and_never_sent_twice(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel)
    platform.lose = throw(OutcomeUnknown("The line went dead."))
    run(database, platform)
    assert peek(database, number).state == DeliveryState.UNSURE
    assert look_up(database, platform) is None, "what is under way gets time to arrive"
    with time_machine.travel(now() + timedelta(minutes=2)):
        look_up(database, platform)
    assert peek(database, number).state == DeliveryState.SENT
    assert peek(database, number).external_id == "external-reply-1"
    assert platform.arrived == ["reply-1"]


def test_an_error_nobody_expected_counts_as_possibly_gone(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel)
    platform.lose = throw(AttributeError("surprise"))
    run(database, platform)
    assert peek(database, number).state == DeliveryState.UNSURE
    assert "surprise" not in peek(database, number).last_error


def test_what_surely_did_not_arrive_is_sent_again(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel)
    platform.mood = throw(OutcomeUnknown("The line went dead."))
    run(database, platform)
    platform.mood = lambda _key: None
    with time_machine.travel(now() + timedelta(minutes=2)):
        look_up(database, platform)
        assert peek(database, number).state == DeliveryState.QUEUED
        run(database, platform)
    assert peek(database, number).state == DeliveryState.SENT
    assert platform.arrived == ["reply-1"]


def test_a_worker_that_vanished_after_sending_is_rescued(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel)
    claimed = take(database)
    assert claimed
    attempt(claimed, platform.carriers())
    with database.writing() as session:
        assert rescue(session) == []
    with time_machine.travel(now() + LEASE + timedelta(seconds=1)):
        with database.writing() as session:
            assert [each.id for each in rescue(session)] == [number]
        assert take(database) is None, "an unsure delivery is not sent before a look"
        look_up(database, platform)
    assert peek(database, number).state == DeliveryState.SENT
    assert platform.arrived == ["reply-1"]


def test_a_look_that_cannot_tell_is_repeated_then_left_to_a_person(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel)
    platform.lose = throw(OutcomeUnknown("The line went dead."))
    run(database, platform)
    platform.look = throw(Passing("The server is down."))
    moment, looks = now(), 0
    while (due := peek(database, number).look_at) is not None:
        moment = due + timedelta(seconds=1)
        with time_machine.travel(moment):
            look_up(database, platform)
        looks += 1
        assert looks < 20
    assert looks == 6
    assert peek(database, number).state == DeliveryState.UNSURE
    with time_machine.travel(moment + timedelta(days=30)):
        assert look_up(database, platform) is None


def test_a_look_whose_worker_vanished_is_due_again(database: Database, channel: Channel, platform: Platform) -> None:
    put(database, channel)
    platform.lose = throw(OutcomeUnknown("The line went dead."))
    run(database, platform)
    with time_machine.travel(now() + timedelta(minutes=2)):
        with database.writing() as session:
            assert claim_next_look(session) is not None
        assert look_up(database, platform) is None
    with time_machine.travel(now() + timedelta(minutes=3) + LEASE):
        assert look_up(database, platform) is not None


def test_a_late_success_is_believed_after_the_lease(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel)
    claimed = take(database)
    assert claimed
    outcome = attempt(claimed, platform.carriers())
    with time_machine.travel(now() + LEASE + timedelta(seconds=1)), database.writing() as session:
        rescue(session)
    finish(database, claimed, outcome)
    assert peek(database, number).state == DeliveryState.SENT


def test_a_late_failure_changes_nothing_after_the_lease(database: Database, channel: Channel) -> None:
    number = put(database, channel)
    claimed = take(database)
    assert claimed
    with time_machine.travel(now() + LEASE + timedelta(seconds=1)), database.writing() as session:
        rescue(session)
    assert finish(database, claimed, Outcome(Result.FAILED, reason="late")) is None
    assert peek(database, number).state == DeliveryState.UNSURE


def test_an_unsure_mail_waits_for_a_person(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, None, "digest-1", kind=DeliveryKind.MAIL, payload={"key": "digest-1"})
    platform.lose = throw(OutcomeUnknown("No answer after the mail."))
    run(database, platform)
    with time_machine.travel(now() + timedelta(minutes=2)):
        look_up(database, platform)
    assert peek(database, number).look_at is None
    assert peek(database, number).state == DeliveryState.UNSURE


def test_a_payload_that_is_none_fails_without_sending(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, channel, payload={"surprise": 1})
    run(database, platform)
    assert peek(database, number).state == DeliveryState.FAILED
    assert platform.arrived == []


def test_a_delivery_without_its_channel_fails(database: Database, channel: Channel, platform: Platform) -> None:
    number = put(database, None)
    run(database, platform)
    assert "removed" in peek(database, number).last_error


@pytest.mark.parametrize(
    ("resolution", "state"),
    [
        (Resolution.ARRIVED, DeliveryState.SENT),
        (Resolution.AGAIN, DeliveryState.QUEUED),
        (Resolution.GIVE_UP, DeliveryState.FAILED),
    ],
)
@pytest.mark.parametrize("error", [Refused("No."), OutcomeUnknown("Perhaps.")])
def test_a_person_decides_what_nobody_knows(
    database: Database,
    channel: Channel,
    platform: Platform,
    error: Exception,
    resolution: Resolution,
    state: DeliveryState,
) -> None:
    number = put(database, channel)
    platform.mood = throw(error)
    run(database, platform)
    with database.writing() as session:
        ada = make_teammate(session)
        resolve(session, session.get_one(Delivery, number), resolution, by=ada)
    assert peek(database, number).state == state
    assert peek(database, number).look_at is None


def test_there_is_nothing_to_decide_about_what_was_sent(
    database: Database, channel: Channel, platform: Platform
) -> None:
    number = put(database, channel)
    run(database, platform)
    with database.writing() as session, pytest.raises(NothingToResolve):
        resolve(session, session.get_one(Delivery, number), Resolution.AGAIN, by=make_teammate(session))
