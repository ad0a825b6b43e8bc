"""What the banner says about work that piles up."""

from datetime import timedelta

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from inbox.channels.models import ChannelState, Stream
from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import is_sqlite
from inbox.digests.models import Digest, Subscription
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.pages import trouble
from tests.making import make_channel, make_conversation

LONG_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def silent_doorbell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "_rings", lambda: (True, True))


@pytest.mark.parametrize(
    ("state", "late"), [(ChannelState.ACTIVE, 1), (ChannelState.PAUSED, 0), (ChannelState.BROKEN, 0)]
)
def test_only_a_channel_that_is_listened_to_can_be_late(session: Session, state: ChannelState, late: int) -> None:
    channel = make_channel(session, state=state)
    session.add(Stream(channel_id=channel.id, name="all", due_at=now() - LONG_AGO))
    session.flush()
    assert trouble.count(session).late == late


def test_a_message_that_waits_for_its_label_is_late(session: Session) -> None:
    make_conversation(session, make_channel(session), ("Hello?",))
    assert trouble.count(session).late == 0
    session.execute(sa.update(Message).values(received_at=now() - LONG_AGO))
    assert trouble.count(session).late == 1
    session.execute(sa.update(Message).values(labelled_at=now()))
    assert trouble.count(session).late == 0


def test_looking_for_unlabelled_messages_reads_no_others(session: Session) -> None:
    if not is_sqlite(session):
        pytest.skip("PostgreSQL plans with the values")
    asked: list[tuple[str, object]] = []

    def note(_c: Connection, _cursor: object, statement: str, parameters: object, _x: object, _many: bool) -> None:
        asked.append((statement, parameters))

    sa.event.listen(session.connection(), "before_cursor_execute", note)
    trouble.count(session)
    statement, parameters = next((words, values) for words, values in asked if "labelled_at" in words)
    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert any("ix_messages_unlabelled" in row[-1] for row in plan)


def test_a_minute_without_a_job_is_told_unless_valkey_is_the_reason(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trouble.count(session).works
    monkeypatch.undo()
    monkeypatch.setattr(trouble, "is_working", lambda: False)
    monkeypatch.setattr(trouble, "_opened_at", -1_000.0)
    assert not trouble.count(session).works
    monkeypatch.setattr(trouble, "_opened_at", trouble.monotonic())
    assert trouble.count(session).works

    def away() -> bool:
        raise redis.ConnectionError

    monkeypatch.setattr(trouble, "is_working", away)
    facts = trouble.count(session)
    assert facts.works
    assert not facts.doorbell


def made_digest(session: Session, reader: Subscription, week: str, **fields: object) -> Delivery:
    digest = Digest(subscription_id=reader.id, iso_week=week, secret=week, language="en")
    session.add(digest)
    session.flush()
    subject = {"subject_kind": "digest", "subject_id": digest.id}
    delivery = Delivery(key=week, kind=DeliveryKind.MAIL, **subject, **fields)
    session.add(delivery)
    session.flush()
    digest.delivery_id = delivery.id
    return delivery


@pytest.fixture
def reader(session: Session) -> Subscription:
    subscription = Subscription(email="boss@example.org", secret="s")
    session.add(subscription)
    session.flush()
    return subscription


def test_a_lost_digest_is_told_until_a_later_one_or_its_reader_leaves(session: Session, reader: Subscription) -> None:
    delivery = made_digest(session, reader, "2026-W45", state=DeliveryState.FAILED)
    assert trouble.count(session).lost == 1
    made_digest(session, reader, "2026-W46", state=DeliveryState.SENT)
    assert trouble.count(session).lost == 0
    delivery = made_digest(session, reader, "2026-W47", state=DeliveryState.UNSURE, look_at=now())
    assert trouble.count(session).lost == 0  # Trellis still looks by itself
    delivery.look_at = None
    session.flush()
    assert trouble.count(session).lost == 1
    assert trouble.count(session).unsure == 0  # that line leads to answers
    reader.unsubscribed_at = now()
    session.flush()
    assert trouble.count(session).lost == 0


def test_an_answer_that_may_have_arrived_is_told(session: Session) -> None:
    session.add(Delivery(key="a", kind=DeliveryKind.REPLY, state=DeliveryState.UNSURE))
    session.flush()
    assert trouble.count(session).unsure == 1
