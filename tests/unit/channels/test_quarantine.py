"""The quarantine: seen, dismissed, tried again, and the ledger balances all along."""

import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts, browse_ledger, totals
from inbox.channels.models import Channel, QuarantinedItem
from inbox.channels.quarantine import (
    bring_back,
    browse_quarantine,
    count_quarantined,
    dismiss,
    find_quarantined,
    forget_payloads,
)
from inbox.channels.terms import kinds_that_forget_words
from inbox.clock import now
from inbox.connectors.contract import Account, BadItem, Batch, ChannelConnector, Retention
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Message
from inbox.conversations.retry import retry
from inbox.database import Database
from tests.incoming import batch_of, written
from tests.making import make_channel, make_teammate


class Reader(ChannelConnector):
    """A connector that has learnt to read what starts with "ok"."""

    kind = "reader"
    label = "Reader"

    def __init__(self) -> None:
        """It needs nothing."""

    def check(self) -> Account:
        return Account("Reader")

    def reread(self, raw: str) -> Batch:
        if raw.startswith("odd"):
            return Batch(bad=[BadItem("odder still", raw)])
        if not raw.startswith("ok"):
            raise ValueError("still not readable")
        return batch_of(written("late", raw))


@pytest.fixture
def channel(session: Session) -> Channel:
    channel = make_channel(session)
    bad = [BadItem("broken", "ok now"), BadItem("broken", "never")]
    ingest(session, channel, "m", batch_of(written("1"), bad=bad))
    return channel


def items(session: Session, channel: Channel) -> dict[str, QuarantinedItem]:
    return {item.raw: item for item in browse_quarantine(session, channel.id)}


def test_items_are_listed_until_they_are_dismissed(session: Session, channel: Channel) -> None:
    item = items(session, channel)["never"]
    assert dismiss(session, item, by=make_teammate(session))
    assert not dismiss(session, item, by=make_teammate(session))
    assert set(items(session, channel)) == {"ok now"}
    assert count_quarantined(session, channel.id) == 1
    assert totals(session, channel.id) == Counts(fetched=3, stored=1, quarantined=2)
    assert find_quarantined(session, item.id) is item
    assert bring_back(session, item, by=make_teammate(session))
    assert not bring_back(session, item, by=make_teammate(session))
    assert set(items(session, channel)) == {"never", "ok now"}
    assert totals(session, channel.id) == Counts(fetched=3, stored=1, quarantined=2)


def test_a_payload_is_kept_no_longer_than_its_platforms_terms_allow(
    session: Session, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.channels.terms.terms", lambda kind: Retention(text_hours=48, refresh_days=30))
    assert kinds_that_forget_words()[channel.kind] == 48
    dismissed, kept = items(session, channel)["never"], items(session, channel)["ok now"]
    dismiss(session, dismissed, by=make_teammate(session))
    dismissed.created_at = now() - timedelta(hours=49)
    session.flush()
    assert (forget_payloads(session), forget_payloads(session)) == (1, 0)
    session.expire_all()
    assert (dismissed.raw, kept.raw) == ("", "ok now")
    assert totals(session, channel.id).quarantined == 2
    again = Batch(bad=[BadItem("broken", "never")])
    assert ingest(session, channel, "m", again).quarantined == 0


def test_terms_without_an_end_let_payloads_stay(session: Session, channel: Channel) -> None:
    for item in items(session, channel).values():
        item.created_at = now() - timedelta(days=900)
    session.flush()
    assert forget_payloads(session) == 0


def test_an_item_that_can_be_read_now_is_stored_and_moves_in_the_ledger(
    session: Session, channel: Channel, tmp_path: Path
) -> None:
    connector: Any = Reader()
    item = items(session, channel)["ok now"]
    assert retry(session, item, connector, tmp_path)
    assert not retry(session, item, connector, tmp_path)
    assert session.scalars(sa.select(Message.text).where(Message.external_id == "late")).one() == "ok now"
    counts = totals(session, channel.id)
    assert counts.balances
    assert counts == Counts(fetched=3, stored=2, quarantined=1)
    assert len(browse_ledger(session, channel.id)) == 1


def test_an_item_that_is_still_unreadable_stays_with_its_new_reason(
    session: Session, channel: Channel, tmp_path: Path
) -> None:
    connector: Any = Reader()
    item = items(session, channel)["never"]
    assert not retry(session, item, connector, tmp_path)
    assert (item.reason, item.resolved_at) == ("still not readable", None)
    assert item.tried_at
    assert totals(session, channel.id).quarantined == 2
    item.raw = "odd"
    session.flush()
    assert not retry(session, item, connector, tmp_path)
    assert item.reason == "odder still"


def test_a_connector_that_reads_no_single_items_says_so(session: Session, channel: Channel, tmp_path: Path) -> None:
    connector: Any = type("Other", (ChannelConnector,), {"label": "Other", "__init__": lambda _: None, "check": None})()
    item = items(session, channel)["never"]
    assert not retry(session, item, connector, tmp_path)
    assert item.reason.startswith("What Other gives cannot be read again")


def test_pages_of_the_quarantine_follow_each_other(session: Session) -> None:
    channel = make_channel(session)
    ingest(session, channel, "m", batch_of(bad=[BadItem("broken", str(number)) for number in range(70)]))
    first = browse_quarantine(session, channel.id)
    second = browse_quarantine(session, channel.id, before=first[-1].id)
    assert (len(first), len(second)) == (50, 20)


def test_an_item_tried_twice_at_once_moves_in_the_ledger_once(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        channel = make_channel(session)
        ingest(session, channel, "m", batch_of(bad=[BadItem("broken", "ok now")]))
        item_id = items(session, channel)["ok now"].id
    together, stored, connector = threading.Barrier(2), [], cast(Any, Reader())

    def try_again() -> None:
        with database.writing() as session:
            item = session.get_one(QuarantinedItem, item_id)
            # On PostgreSQL both have read the item by now; on SQLite one of them waits for the other's commit.
            with suppress(threading.BrokenBarrierError):
                together.wait(1)
            stored.append(retry(session, item, connector, tmp_path))

    threads = [threading.Thread(target=try_again) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(stored) == [False, True]
    with database.reading() as session:
        assert totals(session, channel.id) == Counts(fetched=1, stored=1)
