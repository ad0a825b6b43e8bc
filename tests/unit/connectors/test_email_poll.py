from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from inbox.connectors import email_poll
from inbox.connectors.contract import (
    Passing,
)
from inbox.connectors.email import Email
from tests.unit.connectors.imap_server import Folder, ImapDouble
from tests.unit.connectors.mails import DAY, ids, polled, written


def test_a_second_poll_brings_only_what_is_new(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1))
    imap.inbox.add(written(2))
    batches, cursor = polled(mailbox())
    assert ids(batches) == ["m1@fan.test", "m2@fan.test"]
    assert polled(mailbox(), cursor)[0] == []
    imap.inbox.add(written(3))
    batches, cursor = polled(mailbox(), cursor)
    assert ids(batches) == ["m3@fan.test"]
    assert cursor == {"v": 1, "uidvalidity": 7, "uid": 3}


def test_a_server_that_keeps_the_next_uid_to_itself_does_not_repeat_the_last_mail(
    imap: ImapDouble, mailbox: Callable[..., Email]
) -> None:
    imap.tells_next_uid = False
    imap.inbox.add(written(1))
    _, cursor = polled(mailbox())
    assert ids(polled(mailbox(), cursor)[0]) == []


def test_looking_changes_no_flag(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    stored = imap.inbox.add(written(1))
    polled(mailbox())
    mailbox().check()
    assert stored.flags == set()
    assert not any("STORE" in words or words.startswith("SELECT") or "BODY[" in words for words in imap.heard)


def test_what_a_person_has_read_already_is_fetched_too(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1), flags={"\\Seen"})
    assert ids(polled(mailbox())[0]) == ["m1@fan.test"]


def test_a_renumbered_folder_is_read_again_under_the_same_ids(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1), DAY)
    _, cursor = polled(mailbox())
    renumbered = Folder(uidvalidity=8)
    renumbered.add(written(1), DAY)
    renumbered.add(written(2), DAY)
    imap.folders["INBOX"] = renumbered
    batches, cursor = polled(mailbox(), cursor)
    assert ids(batches) == ["m1@fan.test", "m2@fan.test"]
    assert cursor["uidvalidity"] == 8


def test_the_first_time_only_what_arrived_since_is_fetched(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1), DAY - timedelta(days=30))
    imap.inbox.add(written(2), DAY - timedelta(hours=3))
    imap.inbox.add(written(3), DAY)
    batches, cursor = polled(mailbox(), since=DAY - timedelta(hours=1))
    assert ids(batches) == ["m3@fan.test"]
    # An old mail that is moved into the folder later is new here.
    imap.inbox.add(written(4), DAY - timedelta(days=30))
    assert ids(polled(mailbox(), cursor)[0]) == ["m4@fan.test"]


def test_a_backfill_that_was_interrupted_goes_on_within_its_limits(
    imap: ImapDouble, mailbox: Callable[..., Email], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_poll, "BATCH_MESSAGES", 2)
    for number in range(1, 8):
        imap.inbox.add(written(number), DAY if number != 5 else DAY - timedelta(days=9))
    first = next(iter(mailbox().poll("inbox", None, DAY)))
    assert ids([first]) == ["m1@fan.test", "m2@fan.test"]
    rest, cursor = polled(mailbox(), first.cursor)
    assert ids(rest) == [f"m{number}@fan.test" for number in (3, 4, 6, 7)]
    assert "since" not in cursor


def test_batches_are_bounded_in_number_and_in_bytes(
    imap: ImapDouble, mailbox: Callable[..., Email], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_poll, "BATCH_BYTES", 500)
    for number in range(1, 121):
        imap.inbox.add(written(number, "x" * (400 if number > 100 else 1)))
    batches, cursor = polled(mailbox())
    assert ids(batches) == [f"m{number}@fan.test" for number in range(1, 121)]
    assert all(sum(len(message.text) for message in batch.messages) <= 800 for batch in batches)
    assert max(len(batch.messages) for batch in batches) <= 50
    assert [batch.cursor["uid"] for batch in batches] == sorted(batch.cursor["uid"] for batch in batches)
    assert cursor["uid"] == 120


def test_a_mail_too_large_is_put_aside_unread_and_the_others_go_on(
    imap: ImapDouble, mailbox: Callable[..., Email]
) -> None:
    imap.inbox.add(written(1)).claimed_size = 60 * 1024 * 1024
    imap.inbox.add(written(2))
    batches, cursor = polled(mailbox())
    assert ids(batches) == ["m2@fan.test"]
    (bad,) = batches[0].bad
    assert "60 MB" in bad.reason
    assert bad.external_id == "m1@fan.test"
    assert "Hello" not in bad.raw
    assert cursor["uid"] == 2


def test_a_mail_that_cannot_be_read_is_put_aside_and_the_others_go_on(
    imap: ImapDouble, mailbox: Callable[..., Email]
) -> None:
    imap.inbox.add(b"no header at all")
    imap.inbox.add(written(2))
    batches, _ = polled(mailbox())
    assert ids(batches) == ["m2@fan.test"]
    assert batches[0].bad[0].raw == "no header at all"
    assert sum(batch.fetched for batch in batches) == 2


def test_a_mail_that_vanishes_meanwhile_is_told_from_one_that_is_withheld(
    imap: ImapDouble, mailbox: Callable[..., Email]
) -> None:
    withheld = imap.inbox.add(written(1))
    imap.inbox.add(written(2))
    imap.vanishing.add(withheld.uid)
    batches, _ = polled(mailbox())
    assert ids(batches) == ["m2@fan.test"]
    assert "does not hand it out" in batches[0].bad[0].reason


def test_a_mail_marked_as_deleted_is_counted_and_left_alone(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1), flags={"\\Deleted"})
    batches, _ = polled(mailbox())
    assert ids(batches) == []
    assert sum(batch.filtered for batch in batches) == 1


def test_a_server_that_says_the_uid_last_is_understood(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.uid_behind = True
    imap.inbox.add(written(1))
    assert ids(polled(mailbox())[0]) == ["m1@fan.test"]


def test_wide_gaps_between_uids_are_crossed(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1))
    imap.inbox.next_uid = 3_000_000
    imap.inbox.add(written(2))
    batches, cursor = polled(mailbox())
    assert ids(batches) == ["m1@fan.test", "m2@fan.test"]
    assert cursor["uid"] == 3_000_000
    assert sum("SEARCH" in words for words in imap.heard) < 100


@pytest.mark.parametrize(
    "cursor", [{}, {"uid": "x", "uidvalidity": "y"}, {"v": 0, "page": 3}, {"uidvalidity": None, "uid": 5}]
)
def test_a_cursor_of_another_version_starts_anew(imap: ImapDouble, mailbox: Callable[..., Email], cursor: Any) -> None:
    imap.inbox.add(written(1))
    assert ids(polled(mailbox(), cursor)[0]) == ["m1@fan.test"]


def test_an_empty_folder_still_gives_a_place_to_go_on_from(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    batches, cursor = polled(mailbox())
    assert sum(batch.fetched for batch in batches) == 0
    assert cursor == {"v": 1, "uidvalidity": 7, "uid": 0}


def test_a_connection_that_breaks_is_tried_again(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1))
    imap.hangs_up_at = "BODY.PEEK[]"
    with pytest.raises(Passing):
        polled(mailbox())


def from_us(number: int) -> bytes:
    return written(number, "We give up").replace(b"Fan <fan@fan.test>", b"Support <support@brand.test>")


def test_our_own_address_alone_makes_nobody_us(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.folders["Sent"].add(from_us(1))
    for number in (1, 2):
        imap.inbox.add(from_us(number))
    imap.inbox.add(written(3))
    (batch, *_), cursor = polled(mailbox())
    true, forged, other = (message.author for message in batch.messages)
    assert true and forged and other
    assert (true.is_us, true.external_id) == (True, "support@brand.test")
    assert (forged.is_us, forged.external_id) == (False, "unproven:support@brand.test")
    assert forged.handle == "support@brand.test"
    assert (other.is_us, other.external_id) == (False, "fan@fan.test")
    # The look among the sent did not lose the place.
    imap.inbox.add(written(4))
    assert ids(polled(mailbox(), cursor)[0]) == ["m4@fan.test"]


def test_without_a_folder_for_sent_mail_our_address_proves_nothing(
    imap: ImapDouble, mailbox: Callable[..., Email]
) -> None:
    del imap.folders["Sent"]
    imap.inbox.add(from_us(1))
    (batch, *_), _ = polled(mailbox())
    assert [bool(message.author and message.author.is_us) for message in batch.messages] == [False]


def test_the_sent_folder_itself_is_all_ours(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.folders["Sent"].add(from_us(1))
    (batch, *_), _ = polled(mailbox(folder="Sent"))
    assert [bool(message.author and message.author.is_us) for message in batch.messages] == [True]
