"""A stream's rhythm: busy ones come closer, quiet ones back off, both within bounds; being asked begins anew."""

import random
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from inbox.channels.due import poll_now, poll_soon
from inbox.channels.health import failed, succeeded
from inbox.channels.models import Channel, Pause, Stream
from inbox.clock import now
from inbox.connectors.contract import Passing, RateLimited
from tests.making import make_channel
from tests.pages import claim_due


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


def stream_of(session: Session, channel: Channel, every: int = 60) -> Stream:
    stream = Stream(channel_id=channel.id, name=f"every {every}", every=every, last_success_at=now())
    session.add(stream)
    session.flush()
    return stream


def pauses(session: Session, stream: Stream, *stored: int) -> list[int]:
    found = []
    for number in stored:
        succeeded(session, stream, stored=number)
        assert stream.due_at
        found.append(round((stream.due_at - now()).total_seconds()))
    return found


def test_a_quiet_stream_backs_off_to_eight_times_its_pace(session: Session, channel: Channel) -> None:
    stream = stream_of(session, channel)
    assert pauses(session, stream, *[0] * 8) == [90, 135, 202, 304, 456, 480, 480, 480]
    assert stream.pause == Pause.QUIET


def test_no_stream_backs_off_beyond_half_an_hour_unless_its_own_pace_is_slower(
    session: Session, channel: Channel
) -> None:
    assert pauses(session, stream_of(session, channel, 600), *[0] * 5)[-1] == 1800
    assert pauses(session, stream_of(session, channel, 7200), *[0] * 5)[-1] == 7200


def test_a_busy_stream_comes_closer_and_never_below_fifteen_seconds(session: Session, channel: Channel) -> None:
    stream = stream_of(session, channel)
    assert pauses(session, stream, 5, 5, 5, 5) == [30, 15, 15, 15]
    assert stream.pause == Pause.BUSY
    assert pauses(session, stream_of(session, channel, 40), 5, 5, 5)[-1] == 15
    assert pauses(session, stream_of(session, channel, 10), 5, 5)[-1] == 10
    assert pauses(session, stream_of(session, channel, 600), 5, 5, 5, 5)[-1] == 150


def test_a_message_after_a_quiet_time_brings_it_back_in_few_steps(session: Session, channel: Channel) -> None:
    assert pauses(session, stream_of(session, channel), 0, 0, 0, 0, 0, 1, 1, 1, 1)[-4:] == [228, 114, 57, 28]


def test_the_first_look_fetches_the_past_and_says_nothing_of_the_present(session: Session, channel: Channel) -> None:
    stream = stream_of(session, channel)
    stream.last_success_at = None
    assert pauses(session, stream, 500) == [60]
    assert stream.pause == Pause.STEADY


def test_the_platforms_patience_is_waited_for_and_is_no_fault(session: Session, channel: Channel) -> None:
    stream = stream_of(session, channel)
    failed(session, stream, RateLimited("slow down", retry_after=400))
    assert stream.due_at
    assert (stream.due_at - now()).total_seconds() >= 399
    assert (stream.failures, stream.last_error, channel.last_error) == (0, "", "")
    assert stream.pause == Pause.RATE
    failed(session, stream, RateLimited("slow down"))
    assert (stream.failures, stream.pause) == (1, Pause.FAULT)


def test_look_now_makes_everything_due_and_begins_the_rhythm_anew(session: Session, channel: Channel) -> None:
    stream = stream_of(session, channel)
    pauses(session, stream, *[0] * 6)
    poll_now(session, channel)
    (claimed,) = claim_due(session, limit=5)
    assert claimed.stream_id == stream.id
    assert (stream.pause, pauses(session, stream, 0)) == (Pause.ASKED, [90])


def test_a_delivery_brings_the_next_look_closer_but_not_through_the_platforms_patience(
    session: Session, channel: Channel
) -> None:
    quiet, soon, patient = (stream_of(session, channel, every) for every in (600, 20, 60))
    quiet.due_at, soon.due_at = now() + timedelta(minutes=25), now() + timedelta(seconds=5)
    failed(session, patient, Passing("away", retry_after=900))
    poll_soon(session, channel)
    for stream in (quiet, soon, patient):
        session.refresh(stream)
    left = [round((stream.due_at - now()).total_seconds()) for stream in (quiet, soon, patient) if stream.due_at]
    assert left == [60, 5, 900]
    assert quiet.pause == Pause.WEBHOOK
