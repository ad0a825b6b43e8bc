"""Ingest: what is broken, hostile or lies harms nothing else."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel, QuarantinedItem
from inbox.clock import now
from inbox.connectors.contract import Author, BadItem, IncomingMessage
from inbox.conversations.models import Message
from tests.incoming import minute, written
from tests.making import make_channel
from tests.taking import number, one, take


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


def test_a_bad_item_goes_to_quarantine_and_the_rest_goes_on(session: Session, channel: Channel) -> None:
    bad = [BadItem("no text", '{"a": "\x00\ud800"}', "7", line_number=3)]
    counts = take(session, channel, written("1"), bad=bad, filtered=2)
    assert counts == Counts(fetched=4, stored=1, filtered=2, quarantined=1)
    item = session.scalars(sa.select(QuarantinedItem)).one()
    assert (item.reason, item.raw, item.external_id, item.line_number) == ("no text", '{"a": ""}', "7", 3)
    assert take(session, channel, bad=bad) == Counts(fetched=1, duplicate=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": None},
        {"text": 7},
        {"external_id": ""},
        {"external_id": "\x00"},
        {"visibility": "everybody"},
        {"reply_handle": {"a": float("nan")}},
        {"reply_handle": {"a": "x" * 20_000}},
        {"posted_at": "yesterday"},
        {"author": "Mia"},
    ],
)
def test_a_message_of_a_wrong_shape_goes_to_quarantine(
    session: Session, channel: Channel, fields: dict[str, Any]
) -> None:
    values = {"external_id": "1", "thread_id": "1", "text": "x", **fields}
    counts = take(session, channel, IncomingMessage(**values), written("2"))
    assert counts == Counts(fetched=2, stored=1, quarantined=1)


def test_hostile_text_is_stored_without_what_databases_refuse(session: Session, channel: Channel) -> None:
    nasty = "a\x00b\ud800c\udfffd\x1be' OR 1=1; DROP TABLE messages; -- 💥 \\u0000"
    author = Author(
        "m\x00",
        handle="\ud800",
        name=nasty,
        avatar_url="javascript:alert(1)",
        profile_url="http://x.example/" + "y" * 3000,
    )
    take(
        session,
        channel,
        written("1\x00", text=nasty, subject=nasty, author=author, raw={"x": nasty}, reply_handle={"a": nasty}),
    )
    stored = one(session)
    assert stored.text == "abcde' OR 1=1; DROP TABLE messages; -- 💥 \\u0000"
    assert stored.identity
    assert (stored.identity.external_id, stored.identity.avatar_url, stored.identity.profile_url) == ("m", "", "")


def test_sizes_are_capped(session: Session, channel: Channel) -> None:
    huge = "x" * 1_000_000
    author = Author(huge, handle=huge, name=huge)
    take(
        session,
        channel,
        written(huge, text=huge, subject=huge, html=huge, quote=huge, raw=huge, url="https://" + huge, author=author),
    )
    stored = session.scalars(sa.select(Message)).one()
    assert (len(stored.text), len(stored.raw), len(stored.external_id or ""), stored.url) == (100_000, 65_536, 500, "")
    assert take(session, channel, written(huge, text=huge)).duplicate == 1


def test_two_long_ids_with_one_beginning_stay_two(session: Session, channel: Channel) -> None:
    take(session, channel, written("x" * 600 + "1"), written("x" * 600 + "2"))
    assert number(session, Message) == 2


def test_times_that_lie_become_the_time_of_arrival(session: Session, channel: Channel) -> None:
    begin = now()
    lies = {"future": begin + timedelta(days=900), "unset": minute(0).replace(year=1970), "none": None}
    take(session, channel, *(written(key, posted_at=at) for key, at in lies.items()))
    assert all(begin <= one(session, key).posted_at <= now() for key in lies)
