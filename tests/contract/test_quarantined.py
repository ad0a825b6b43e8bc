"""What quarantine keeps: read again by a version that knows better, it is the message that a poll would have brought."""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from inbox.channels.ledger import totals
from inbox.channels.models import Channel
from inbox.channels.quarantine import browse_quarantine
from inbox.connectors.contract import Batch, IncomingMessage
from inbox.connectors.read_each import dumped
from inbox.conversations.attach import attach
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.conversations.retry import retry
from inbox.members.models import Identity
from tests.contract.older_version import older_version
from tests.contract.stage import Stage
from tests.contract.traits import needs, quarantined
from tests.making import make_channel

pytestmark = needs(quarantined)


def by_name(batches: Sequence[Batch]) -> dict[str, IncomingMessage]:
    """The messages, whose pictures nobody fetches again: they keep their address."""

    def unfetched(message: IncomingMessage) -> IncomingMessage:
        return replace(message, attachments=tuple(replace(file, content=None) for file in message.attachments))

    return {message.external_id: unfetched(message) for batch in batches for message in batch.messages}


def theirs(messages: dict[str, IncomingMessage]) -> list[str]:
    """What strangers wrote, answers first."""
    names = [name for name, message in messages.items() if not (message.author and message.author.is_us)]
    return sorted(names, key=lambda name: not messages[name].parent_id)


def test_it_is_the_very_message_that_a_poll_brings(stage: Stage) -> None:
    expected = by_name(stage.brought())
    for name in theirs(expected):
        stage.forget()
        with older_version(name):
            brought = stage.brought()
        (bad,) = (entry for batch in brought for entry in batch.bad)
        asked = len(stage.requests)
        again = by_name([stage.connector().reread(bad.raw)])
        assert name in again
        assert again == {lost: expected[lost] for lost in expected.keys() - by_name(brought).keys()}
        assert len(stage.requests) == asked


@time_machine.travel(datetime(2026, 11, 21, 9, 0, tzinfo=UTC), tick=False)
def test_it_lands_where_a_poll_lets_it_land_and_the_ledger_balances(
    stage: Stage, session: Session, tmp_path: Path
) -> None:
    polled, retried = (make_channel(session, kind=stage.kind) for _ in range(2))
    batches = stage.brought()
    name = theirs(by_name(batches))[0]
    stage.forget()
    with older_version(name):
        older = stage.brought()
    for batch in batches:
        ingest(session, polled, stage.stream, attach(tmp_path, batch))
    for batch in older:
        ingest(session, retried, stage.stream, attach(tmp_path, batch))
    (item,) = browse_quarantine(session, retried.id)
    assert retry(session, item, stage.connector(), tmp_path)
    assert not retry(session, item, stage.connector(), tmp_path)
    assert rows(session, retried) == rows(session, polled)
    assert totals(session, retried.id).balances
    assert totals(session, retried.id) == totals(session, polled.id)


def rows(session: Session, channel: Channel) -> set[tuple[Any, ...]]:
    """The channel's messages: who said what when, and where."""
    query = (
        sa.select(
            Message.external_id,
            Conversation.external_id,
            Message.parent_external_id,
            Message.text,
            Message.posted_at,
            Message.visibility,
            Identity.external_id,
            Identity.name,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Identity, Identity.id == Message.identity_id)
        .where(Message.channel_id == channel.id)
    )
    return {tuple(row) for row in session.execute(query)}


def test_what_still_cannot_be_read_says_why(stage: Stage) -> None:
    stage.items[2] = stage.broken(stage.items[2])
    (bad,) = (entry for batch in stage.brought() for entry in batch.bad)
    asked = len(stage.requests)
    assert stage.connector().reread(bad.raw).bad[0].reason == bad.reason
    assert len(stage.requests) == asked


def test_what_was_cut_when_it_was_kept_is_refused(stage: Stage) -> None:
    stage.items[2] = stage.broken(stage.items[2])
    (bad,) = (entry for batch in stage.brought() for entry in batch.bad)
    with pytest.raises(ValueError, match="beginning"):
        stage.connector().reread(bad.raw[: len(bad.raw) // 2])


@pytest.mark.parametrize("item", [None, 3, [], "text", {}])
def test_nonsense_is_no_message(stage: Stage, item: Any) -> None:
    for raw in (dumped(item), dumped({"place": {}, "item": item}), dumped({"place": item, "item": {}})):
        assert not stage.connector().reread(raw).messages


@pytest.mark.parametrize("nonsense", [None, 3, [{}], {"x": 1}, True])
def test_a_place_of_other_types_breaks_nothing(stage: Stage, nonsense: Any) -> None:
    names = theirs(by_name(stage.brought()))
    stage.forget()
    with older_version(*names):
        raws = [json.loads(entry.raw) for batch in stage.brought() for entry in batch.bad]
    placed = [(kept, place) for kept in raws if "place" in kept for place in spoilt(kept["place"], nonsense)]
    for kept, place in placed:
        for message in stage.connector().reread(dumped({**kept, "place": place})).messages:
            told = [message.external_id, message.thread_id, message.parent_id, message.subject, message.quote]
            told += [message.author.external_id, message.author.name, message.author.handle] if message.author else []
            assert all(isinstance(words, str) for words in told), place


def spoilt(value: Any, nonsense: Any) -> Iterator[Any]:
    """The value with nonsense in each of its places in turn."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        for other in (nonsense, *spoilt(value[key], nonsense)):
            changed = copy.copy(value)
            changed[key] = other
            yield changed
