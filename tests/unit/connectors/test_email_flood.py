"""Mail servers that bring more than they say: an answer has an end, however many parts it comes in."""

from collections.abc import Callable

import pytest

from inbox.connectors import email_signin
from inbox.connectors.contract import Passing
from inbox.connectors.email import Email
from tests.unit.connectors.imap_server import ImapDouble
from tests.unit.connectors.mails import ids, polled, written

KILOBYTE = 1024


def test_many_parts_that_are_each_small_enough_are_not_all_kept(
    imap: ImapDouble, mailbox: Callable[..., Email], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_signin, "ANSWER_LIMIT", 64 * KILOBYTE)
    for number in range(1, 11):
        imap.inbox.add(written(number) + b"\r\n" + b"x" * 10 * KILOBYTE).claimed_size = 100
    with pytest.raises(Passing, match="in one answer"):
        polled(mailbox())


def test_what_came_with_one_question_does_not_count_for_the_next(
    imap: ImapDouble, mailbox: Callable[..., Email], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_signin, "ANSWER_LIMIT", 16 * KILOBYTE)
    monkeypatch.setattr("inbox.connectors.email_poll.BATCH_MESSAGES", 1)
    for number in range(1, 6):
        imap.inbox.add(written(number) + b"\r\n" + b"x" * 10 * KILOBYTE)
    assert ids(polled(mailbox())[0]) == [f"m{number}@fan.test" for number in range(1, 6)]
