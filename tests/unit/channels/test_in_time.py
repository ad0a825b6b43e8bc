"""A platform that answers for ever, a little at a time, is left in time, and its stream is told."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from inbox.channels import check as checking
from inbox.channels import fetch as fetching
from inbox.channels.check import look
from inbox.channels.due import LEASE, Claimed
from inbox.channels.fetch import fetch
from inbox.channels.models import Channel
from inbox.channels.open import NoMemory
from inbox.connectors.contract import Batch, Passing, Surroundings
from inbox.connectors.deadline import left
from inbox.connectors.email import Email, EmailSetup
from tests.unit.connectors.drip import dripping

pytestmark = pytest.mark.timeout(30)
SOON = timedelta(seconds=0.5)
CLAIMED = Claimed(1, "inbox", None, None, "word", Channel(kind="email"))
SPOKEN = b"* OK hi\r\n"


def mailbox(port: int) -> Email:
    settings = EmailSetup(
        address="help@brand.test",
        imap_host="127.0.0.1",
        imap_port=port,
        imap_security="none",
        password=SecretStr("p"),
        smtp_host="127.0.0.1",
    )
    return Email(settings, Surroundings(NoMemory(), allow_private_addresses=True))


@pytest.mark.parametrize("said", [b"", SPOKEN])
def test_a_mailbox_that_drips_is_left_in_time(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", SOON)
    with dripping(b"*", said=said) as server:
        with pytest.raises(Passing):
            list(fetch(mailbox(server.port), CLAIMED))
        assert server.left.wait(5)


def test_a_connection_that_drips_is_tried_no_longer_than_a_person_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", SOON)
    with dripping(b"*") as server:
        with pytest.raises(Passing):
            look(mailbox(server.port))
        assert server.left.wait(5)


class Paged:
    """A connector whose pages are these; it notes how long it might wait for each, and whether it was left."""

    kind = "paged"

    def __init__(self, *pages: Callable[[], None]) -> None:
        self.pages, self.waits, self.is_left = pages, list[float | None](), False

    def poll(self, *_: Any) -> Iterator[Batch]:
        try:
            for page in self.pages:
                page()
                self.waits.append(left(None))
                yield Batch()
        finally:
            self.waits.append(left(None))
            self.is_left = True


def test_each_page_has_the_time_of_a_claim_and_storing_it_takes_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", SOON)
    connector: Any = Paged(lambda: None, lambda: None)
    for _ in fetch(connector, CLAIMED):
        assert left(None) is None, "what happens between two pages is not the platform's"
        time.sleep(0.3)
    assert len(connector.waits) == 3
    assert all(wait is not None and wait > 0.3 for wait in connector.waits)


def test_whoever_stops_between_two_pages_leaves_in_time_too() -> None:
    connector: Any = Paged(lambda: None, lambda: None)
    pages = fetch(connector, CLAIMED)
    next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert connector.is_left
    assert connector.waits[-1] is not None


def test_a_page_is_read_before_its_claim_runs_out() -> None:
    assert fetching.PATIENCE < LEASE
