"""What has left is sent, however strange its platform's receipt is: else it would be looked up for ever."""

from typing import Any

import pytest

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import N_, IncomingReport, OutcomeUnknown, OutgoingReply, Receipt
from inbox.database import Database
from inbox.outbox.attempt import attempt
from inbox.outbox.confirm import confirm
from inbox.outbox.hear import hear
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.outbox.settle import settle
from inbox.text import clean_key
from tests.making import make_channel
from tests.outgoing import claim_next
from tests.unit.outbox.platform import Platform

PAGE = "https://platform.example/1"


@pytest.fixture
def channel(database: Database) -> Channel:
    with database.writing() as session:
        return make_channel(session)


def receive(database: Database, channel: Channel, receipt: Any) -> Delivery:
    """An answer leaves, and its platform gives this receipt for it."""
    platform = Platform()
    platform.accept = lambda _key: receipt  # type: ignore[method-assign]
    reply = OutgoingReply(key="one", text="Hi", thread_id="t", parent_id="p", parent_handle={}, created_at=now())
    with database.writing() as session:
        queue_delivery(session, key="one", kind=DeliveryKind.REPLY, payload=payload_of(reply), channel=channel)
    with database.writing() as session:
        claimed = claim_next(session)
    assert claimed is not None
    with database.writing() as session:
        settle(session, claimed, attempt(claimed, platform.carriers()))
    with database.reading() as session:
        return session.get_one(Delivery, claimed.delivery.id)


def deep() -> Any:
    within: Any = 1
    for _ in range(100_000):
        within = [within]
    return within


@pytest.mark.parametrize(
    ("receipt", "external_id", "url"),
    [
        (Receipt("i\0d", PAGE), "id", PAGE),
        (Receipt("i\ud800d ", f"{PAGE}\ud800"), "id", PAGE),
        (Receipt(12, PAGE), None, PAGE),  # type: ignore[arg-type]
        (Receipt("id", None), "id", ""),  # type: ignore[arg-type]
        (Receipt("id", "javascript:alert(1)"), "id", ""),
        (Receipt("id", PAGE * 1_000), "id", ""),
    ],
)
def test_a_strange_receipt_is_kept_as_far_as_it_can_be(
    database: Database, channel: Channel, receipt: Receipt, external_id: str | None, url: str
) -> None:
    delivery = receive(database, channel, receipt)
    assert (delivery.state, delivery.external_id, delivery.url) == (DeliveryState.SENT, external_id, url)


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ({"uri": "a\0b"}, {"uri": "ab"}),
        ({"a\0b": ["c\ud800d"]}, {"ab": ["cd"]}),
        ({"number": 10**400}, {"number": 10**400}),
        ({"words": "\\u0000"}, {"words": "\\u0000"}),
        ({"number": float("nan")}, {}),
        ({"at": now()}, {}),
        ({"deep": deep()}, {}),
    ],
)
def test_what_undoing_needs_is_kept_as_a_database_takes_it(
    database: Database, channel: Channel, state: dict[str, Any], kept: dict[str, Any]
) -> None:
    delivery = receive(database, channel, Receipt("id", PAGE, state))
    assert (delivery.state, delivery.external_id, delivery.receipt) == (DeliveryState.SENT, "id", kept)


def test_an_id_that_is_too_long_is_the_one_that_ingest_keeps(database: Database, channel: Channel) -> None:
    assert receive(database, channel, Receipt("x" * 600)).external_id == clean_key("x" * 600)


def test_a_report_under_an_id_that_is_too_long_finds_its_answer(database: Database, channel: Channel) -> None:
    receive(database, channel, Receipt("x" * 600))
    with database.writing() as session:
        hear(session, channel.id, [IncomingReport("x" * 600, has_arrived=False, reason=N_("No such number."))])
    with database.writing() as session:
        assert [each.state for each in confirm(session)] == [DeliveryState.FAILED]


def test_an_unsure_one_is_kept_under_an_id_that_can_be_stored(database: Database, channel: Channel) -> None:
    reply = OutgoingReply(key="one", text="Hi", thread_id="t", parent_id="p", parent_handle={}, created_at=now())
    with database.writing() as session:
        queue_delivery(session, key="one", kind=DeliveryKind.REPLY, payload=payload_of(reply), channel=channel)
        claimed = claim_next(session)
    assert claimed is not None
    error = OutcomeUnknown(N_("The line went dead."), external_id="i\0d")
    outcome = Outcome(Result.UNSURE, Receipt(error.external_id), reason=error.sentence)
    with database.writing() as session:
        settled = settle(session, claimed, outcome)
    assert settled is not None
    assert (settled.state, settled.external_id) == (DeliveryState.UNSURE, "id")
