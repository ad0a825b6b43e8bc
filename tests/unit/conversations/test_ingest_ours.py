"""Ingest: what we wrote ourselves, and what opens a conversation again."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.conversations.models import Conversation, Message, Revision
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from tests.incoming import TOM, US, minute, written
from tests.making import make_channel
from tests.taking import number, one, take, thread


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


# ── what is ours ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_we_wrote_on_the_platform_itself_answers(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"), written("2", thread="1", minute=1, author=US, text="In the shed"))
    assert one(session, "2").direction == "out"
    assert thread(session).waiting_since is None
    assert (thread(session).author_name, thread(session).preview) == ("Mia Beet", "Where is the rake?")
    take(session, channel, written("3", thread="1", minute=2), written("4", thread="1", minute=3))
    assert thread(session).waiting_since == minute(2)
    take(session, channel, written("5", thread="1", minute=2.5, author=US))
    assert thread(session).waiting_since == minute(3)


def test_our_answer_that_comes_back_is_linked_and_not_added(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    answer = _answer(session, channel, thread(session), external_id="a-1")
    comes_back = written(
        "a-1", thread="1", minute=3, author=US, text="<p>Rendered otherwise</p>", url="https://x.example/a-1"
    )
    assert take(session, channel, comes_back) == Counts(fetched=1, duplicate=1)
    assert (one(session, "a-1").id, one(session, "a-1").text) == (answer.id, "In the shed")
    assert one(session, "a-1").url == "https://x.example/a-1"
    assert take(session, channel, comes_back) == Counts(fetched=1, duplicate=1)
    assert number(session, Revision) == 0


def test_an_answer_to_our_answer_finds_its_conversation(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    _answer(session, channel, thread(session), external_id="a-1")
    take(session, channel, written("2", thread="a-1", parent_id="a-1", minute=9))
    assert number(session, Conversation) == 1


def test_who_writes_after_our_answer_waits_even_if_written_before_it(session: Session, channel: Channel) -> None:
    take(session, channel, written("1"))
    _answer(session, channel, thread(session), external_id="a-1", at=minute(10))
    thread(session).waiting_since = None
    session.flush()
    take(session, channel, written("2", thread="1", minute=9.5))
    assert thread(session).waiting_since == minute(9.5)


# ── what wakes ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["closed", "snoozed"])
def test_a_new_message_opens_a_conversation_again(session: Session, channel: Channel, state: str) -> None:
    take(session, channel, written("1"))
    conversation = thread(session)
    conversation.state, conversation.waiting_since = state, None
    conversation.closed_at = conversation.snoozed_until = now()
    session.flush()
    take(
        session,
        channel,
        written("2", thread="1", minute=1, author=US),
        written("3", thread="1", minute=2, is_automatic=True),
    )
    assert (thread(session).state, thread(session).waiting_since) == (state, None)
    take(session, channel, written("4", thread="1", minute=3))
    conversation = thread(session)
    assert (conversation.state, conversation.closed_at, conversation.snoozed_until) == ("open", None, None)
    assert conversation.waiting_since == minute(3)


def test_a_machines_notice_does_not_stand_for_its_conversation(session: Session, channel: Channel) -> None:
    notice = {"thread": "1", "author": TOM, "is_automatic": True}
    take(session, channel, written("1"), written("2", "I am away.", minute=1, **notice))
    take(session, channel, written("3", "Not delivered.", minute=2, **notice))
    conversation = thread(session)
    assert (conversation.author_name, conversation.preview) == ("Mia Beet", "Where is the rake?")
    assert (conversation.message_count, conversation.waiting_since) == (3, minute(0))
    take(session, channel, written("4", "Only a notice.", minute=3, author=TOM, is_automatic=True))
    alone = session.scalars(sa.select(Conversation).where(Conversation.external_id == "4")).one()
    assert (alone.author_name, alone.preview) == ("Tom Laub", "Only a notice.")


def test_the_assignee_stays_when_a_message_comes(session: Session, channel: Channel) -> None:
    from tests.making import make_teammate

    take(session, channel, written("1"))
    ada = make_teammate(session)
    thread(session).assignee_id = ada.id
    session.flush()
    take(session, channel, written("2", thread="1", minute=1))
    assert thread(session).assignee_id == ada.id


def _answer(
    session: Session, channel: Channel, conversation: Conversation, *, external_id: str, at: Any = None
) -> Message:
    delivery = Delivery(
        key=external_id,
        kind=DeliveryKind.REPLY,
        state=DeliveryState.SENT,
        channel_id=channel.id,
        external_id=external_id,
    )
    session.add(delivery)
    session.flush()
    message = Message(
        conversation_id=conversation.id, channel_id=channel.id, direction="out", text="In the shed",
        delivery_id=delivery.id, posted_at=at or minute(2),
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message
