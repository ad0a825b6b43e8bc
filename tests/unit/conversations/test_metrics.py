"""Public counts of a message: they come along, keep up with their platform, and go when the words go."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import Deletion, Metric
from inbox.conversations.expire import expire
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from tests.incoming import US, Statements, written
from tests.making import make_channel, make_message
from tests.taking import one, take, thread

LIKED = {Metric.LIKES: 12, Metric.SHARES: 3}


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


def test_counts_are_stored_with_their_message(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", metrics=LIKED), written("2"))
    assert (one(session, "1").metrics, one(session, "2").metrics) == ({"likes": 12, "shares": 3}, {})


def test_newer_counts_take_the_place_of_older_ones_and_change_nothing_else(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", metrics=LIKED), written("2", author=US))
    before = (thread(session).version, thread(session).last_message_at, one(session, "1").labelled_at)
    counts = take(session, channel, written("1", metrics={Metric.LIKES: 11}), written("2", metrics=LIKED, author=US))
    assert counts == Counts(fetched=2, duplicate=2)
    assert one(session, "1").metrics == {"likes": 11, "shares": 3}, "what was not told this time stays"
    assert one(session, "2").metrics == {"likes": 12, "shares": 3}
    assert (thread(session).version, thread(session).last_message_at, one(session, "1").labelled_at) == before


def test_an_edit_and_its_counts_come_together(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    assert take(session, channel, written("1", text="Found it", metrics=LIKED)).edited == 1
    assert (one(session).text, one(session).metrics) == ("Found it", {"likes": 12, "shares": 3})


def test_an_answer_of_ours_that_comes_back_has_counts_and_is_asked_for_again(
    session: Session, channel: Channel
) -> None:
    take(session, channel, written("1"))
    delivery = Delivery(
        kind=DeliveryKind.REPLY, key="k", channel_id=channel.id, external_id="a-1", state=DeliveryState.SENT
    )
    session.add(delivery)
    session.flush()
    answer = make_message(
        session, thread(session), "In the shed", direction="out", delivery_id=delivery.id, external_id=None
    )
    came = now() - timedelta(minutes=1)
    take(session, channel, written("a-1", thread="1", author=US, metrics=LIKED, posted_at=came))
    assert one(session, "a-1").id == answer.id
    assert one(session, "a-1").metrics == {"likes": 12, "shares": 3}
    assert one(session, "a-1").ask_again_at == came + timedelta(hours=1)


def test_counts_go_with_the_words(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", metrics=LIKED), written("2", metrics=LIKED))
    one(session, "2").keep_until = now() - timedelta(minutes=1)
    session.flush()
    take(session, channel, deletions=[Deletion("1")])
    assert expire(session) == 1
    for _ in range(2):
        assert [one(session, key).metrics for key in "12"] == [{}, {}]
        take(session, channel, written("1", metrics=LIKED), written("2", metrics=LIKED))


@pytest.mark.parametrize("number", [10**40, -(10**40)])
def test_a_count_beyond_all_measure_is_cut(session: Session, channel: Channel, number: int) -> None:
    take(session, channel, written("1", metrics={Metric.POINTS: number}))
    assert abs(one(session).metrics["points"]) == 10**15


def test_what_is_no_count_costs_no_words(session: Session, channel: Channel) -> None:
    strange: dict[Any, Any] = {
        "likes": "12",
        "shares": None,
        "views": True,
        "replies": 1.5,
        "applause": 3,
        "reactions": -4,
    }
    take(session, channel, written("1", metrics={**strange, Metric.POINTS: -7}))
    assert (one(session).text, one(session).metrics) == ("Where is the rake?", {"points": -7, "reactions": 0})


def test_a_hundred_counts_take_as_many_statements_as_one(session: Session, channel: Channel) -> None:
    keys = [str(number) for number in range(100)]
    take(session, channel, *(written(key) for key in keys))
    seen = []
    for some in (keys[:1], keys):
        with Statements(session) as statements:
            take(session, channel, *(written(key, metrics={Metric.LIKES: len(some)}) for key in some))
        seen.append(len(statements.seen))
    assert seen[0] == seen[1]
    assert one(session, "7").metrics == {"likes": 100}
