"""Mailboxes whose numbers lie far apart: some servers number mails by the time of their arrival."""

from collections.abc import Callable

import pytest

from inbox.connectors import email_imap
from inbox.connectors.email import Email
from tests.unit.connectors.imap_server import ImapDouble
from tests.unit.connectors.mails import DAY, ids, polled, written


def searches(imap: ImapDouble) -> int:
    return sum("SEARCH" in words for words in imap.heard)


@pytest.mark.timeout(60)
def test_mails_that_are_numbered_by_time_are_found_at_once(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    for number, uid in ((1, 1_700_000_000), (2, 1_790_000_000), (3, 4_294_967_294)):
        imap.inbox.next_uid = uid
        imap.inbox.add(written(number), DAY)
    batches, cursor = polled(mailbox(), since=DAY)
    assert ids(batches) == ["m1@fan.test", "m2@fan.test", "m3@fan.test"]
    assert polled(mailbox(), cursor)[0] == []
    assert searches(imap) < 5


def test_a_folder_of_many_is_asked_for_in_windows(
    imap: ImapDouble, mailbox: Callable[..., Email], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_imap, "WINDOW", 2)
    monkeypatch.setattr(email_imap, "WIDEST", 4)
    for number in range(1, 10):
        imap.inbox.add(written(number))
    assert ids(polled(mailbox())[0]) == [f"m{number}@fan.test" for number in range(1, 10)]
    assert searches(imap) >= 3
