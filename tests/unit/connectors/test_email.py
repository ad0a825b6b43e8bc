from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from inbox.channels.open import NoMemory
from inbox.connectors import email_poll
from inbox.connectors.contract import (
    Act,
    ActName,
    Batch,
    Gone,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Refused,
    Surroundings,
)
from inbox.connectors.email import Email, EmailSetup
from tests.unit.connectors.imap_server import PASSWORD, Folder, ImapDouble, running_imap
from tests.unit.connectors.smtp_server import SmtpDouble, running_smtp

DAY = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)


@pytest.fixture
def imap() -> Iterator[ImapDouble]:
    with running_imap() as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[SmtpDouble]:
    with running_smtp() as server:
        yield server


@pytest.fixture
def mailbox(imap: ImapDouble, smtp: SmtpDouble) -> Callable[..., Email]:
    def opened(*, private: bool = True, **changes: Any) -> Email:
        values: dict[str, Any] = {
            "address": "Support@brand.test",
            "imap_host": "127.0.0.1",
            "imap_port": imap.port,
            "imap_security": "none",
            "password": PASSWORD,
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp.port,
            "smtp_security": "none",
        }
        return Email(EmailSetup(**(values | changes)), Surroundings(NoMemory(), private, timeout_seconds=3))

    return opened


def written(number: int, text: str = "Hello", headers: str = "") -> bytes:
    return f"From: Fan <fan@fan.test>\nSubject: S{number}\nMessage-ID: <m{number}@fan.test>\n{headers}\n{text}".encode()


def ids(batches: list[Batch]) -> list[str]:
    return [message.external_id for batch in batches for message in batch.messages]


def shown(folder: Folder) -> list[bytes]:
    return [one.content for one in folder.messages if "\\Deleted" not in one.flags]


def polled(box: Email, cursor: Any = None, since: datetime | None = None) -> tuple[list[Batch], Any]:
    batches = list(box.poll("inbox", cursor, since))
    return batches, batches[-1].cursor if batches else cursor


def reply_to(message: IncomingMessage, **changes: Any) -> OutgoingReply:
    values = {
        "key": "delivery-1",
        "text": "Kommt!",
        "thread_id": message.thread_id,
        "parent_id": message.external_id,
        "parent_handle": message.reply_handle,
    }
    return OutgoingReply(**(values | changes))


@pytest.fixture
def asked(imap: ImapDouble, mailbox: Callable[..., Email]) -> IncomingMessage:
    imap.inbox.add(written(1, headers="References: <root@fan.test>\n"))
    batches, _ = polled(mailbox())
    return batches[0].messages[0]


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


def test_own_mail_is_ours(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(b"From: SUPPORT@brand.test\nMessage-ID: <x@brand.test>\n\nHi")
    (batch, *_), _ = polled(mailbox())
    assert batch.messages[0].author is not None
    assert batch.messages[0].author.is_us


def test_check_shows_the_last_three_and_tries_both_servers(
    imap: ImapDouble, smtp: SmtpDouble, mailbox: Callable[..., Email]
) -> None:
    for number in range(1, 6):
        imap.inbox.add(written(number, f"text {number}"))
    account = mailbox().check()
    assert account.name == "Support@brand.test"
    assert account.external_id == "support@brand.test"
    assert [message.text for message in account.latest] == ["text 5", "text 4", "text 3"]
    smtp.answers["AUTH"] = "535 no"
    with pytest.raises(NeedsPerson, match="user name and password"):
        mailbox().check()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"password": "wrong"}, NeedsPerson, "does not accept user name and password"),
        ({"folder": "Nowhere"}, NeedsPerson, "no folder Nowhere"),
        ({"imap_port": 1}, Passing, "does not answer on port 1"),
        ({"imap_security": "ssl"}, NeedsPerson, "does not speak TLS"),
        ({"imap_security": "starttls"}, NeedsPerson, "STARTTLS"),
        ({"private": False}, NeedsPerson, "private address"),
    ],
)
def test_what_is_wrong_is_said(mailbox: Callable[..., Email], changes: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mailbox(**changes).check()


def test_a_connection_that_breaks_is_tried_again(imap: ImapDouble, mailbox: Callable[..., Email]) -> None:
    imap.inbox.add(written(1))
    imap.hangs_up_at = "BODY.PEEK[]"
    with pytest.raises(Passing):
        polled(mailbox())


def test_an_answer_goes_into_its_thread_and_into_the_sent_folder(
    imap: ImapDouble, smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    receipt = mailbox(sender_name="Brand").send(reply_to(asked))
    head = smtp.mails[0].split(b"\r\n\r\n")[0]
    assert b"In-Reply-To: <m1@fan.test>" in head
    assert b"References: <root@fan.test> <m1@fan.test>" in head
    assert b"Subject: Re: S1" in head
    assert b"To: fan@fan.test" in head
    assert b"Auto-Submitted" not in head
    (copy,) = imap.folders["Sent"].messages
    assert f"<{receipt.external_id}>".encode() in copy.content
    assert copy.flags == {"\\Seen"}
    assert mailbox().find_sent(reply_to(asked)) == receipt


def test_the_same_answer_leaves_once(
    smtp: SmtpDouble, imap: ImapDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    assert mailbox().send(reply_to(asked)) == mailbox().send(reply_to(asked))
    assert len(smtp.mails) == 1
    assert len(imap.folders["Sent"].messages) == 1


@pytest.mark.parametrize("can", ["UIDPLUS", ""])
def test_what_never_left_is_surely_not_there(
    smtp: SmtpDouble, imap: ImapDouble, mailbox: Callable[..., Email], asked: IncomingMessage, can: str
) -> None:
    assert mailbox().find_sent(reply_to(asked)) is None
    smtp.answers["RCPT"] = "450 later"
    imap.capabilities = f"IMAP4rev1 {can}"
    with pytest.raises(Passing):
        mailbox().send(reply_to(asked))
    assert shown(imap.folders["Sent"]) == []
    assert mailbox().find_sent(reply_to(asked)) is None


def test_a_lost_answer_of_the_server_leaves_a_doubt_that_only_a_person_can_settle(
    smtp: SmtpDouble, imap: ImapDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    smtp.answers["."] = "hang up"
    with pytest.raises(OutcomeUnknown):
        mailbox().send(reply_to(asked))
    assert [copy.flags for copy in imap.folders["Sent"].messages] == [{"\\Seen", "\\Draft"}]
    with pytest.raises(OutcomeUnknown, match="nobody knows"):
        mailbox().find_sent(reply_to(asked))
    del smtp.answers["."]
    mailbox().send(reply_to(asked))
    assert [copy.flags for copy in imap.folders["Sent"].messages] == [{"\\Seen"}]


def test_without_a_sent_folder_mail_leaves_but_cannot_be_looked_up(
    imap: ImapDouble, smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    del imap.folders["Sent"]
    mailbox().send(reply_to(asked))
    assert len(smtp.mails) == 1
    with pytest.raises(OutcomeUnknown, match="no folder for sent mail"):
        mailbox().find_sent(reply_to(asked))


def test_a_server_that_files_sent_mail_itself_gets_no_second_copy(
    imap: ImapDouble, smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    imap.capabilities += " X-GM-EXT-1"
    mailbox().send(reply_to(asked))
    assert imap.folders["Sent"].messages == []
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("name", ["Gesendete Elemente", "Sent Items"])
def test_the_sent_folder_is_found_by_its_usual_name(
    imap: ImapDouble, mailbox: Callable[..., Email], asked: IncomingMessage, name: str
) -> None:
    from imap_tools.imap_utf7 import utf7_encode

    imap.folders[utf7_encode(name).decode()] = Folder()
    del imap.folders["Sent"]
    mailbox().send(reply_to(asked))
    assert len(imap.folders[utf7_encode(name).decode()].messages) == 1


def test_an_answer_to_nobody_or_to_ourselves_is_refused(mailbox: Callable[..., Email], asked: IncomingMessage) -> None:
    with pytest.raises(Refused, match="nobody to answer"):
        mailbox().send(reply_to(asked, parent_handle={}))
    with pytest.raises(Refused, match="circles"):
        mailbox().send(reply_to(asked, parent_handle={"from": "support@brand.test"}))


def test_hostile_handles_add_no_header(smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage) -> None:
    handle = {
        "from": "fan@fan.test",
        "subject": "x\r\nBcc: v@fan.test",
        "message_id": "a>\r\nBcc: v@fan.test",
        "references": ["ok@x", "b> <c", "d\r\nBcc: v@fan.test"],
    }
    mailbox().send(reply_to(asked, parent_handle=handle))
    head = smtp.mails[0].split(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
    assert b"References: <ok@x>\r\n" in head
    assert [words.upper() for words in smtp.heard if "rcpt" in words.lower()] == ["RCPT TO:<FAN@FAN.TEST>"]


@pytest.mark.parametrize("subject", ["AW: Re: S1", "re[2]: S1", "Re: S1"])
def test_subjects_are_not_prefixed_again_and_again(
    smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage, subject: str
) -> None:
    mailbox().send(reply_to(asked, subject=subject))
    assert b"\r\nSubject: Re: S1\r\n" in smtp.mails[0]


@pytest.mark.parametrize(("name", "folder"), [(ActName.DELETE, "Trash"), (ActName.MARK_SPAM, "Junk")])
@pytest.mark.parametrize("can", ["UIDPLUS MOVE", "UIDPLUS", ""], ids=["move", "copy", "plain"])
def test_an_act_moves_the_mail_and_undo_brings_it_back(
    imap: ImapDouble, mailbox: Callable[..., Email], asked: IncomingMessage, name: ActName, folder: str, can: str
) -> None:
    imap.capabilities = f"IMAP4rev1 {can}"
    bystander = imap.inbox.add(written(2), flags={"\\Deleted"})
    act = Act("act-1", name, asked.external_id, "", asked.reply_handle)
    receipt = mailbox().act(act)
    mailbox().act(act)
    assert shown(imap.inbox) == []
    assert bystander in imap.inbox.messages
    assert len(shown(imap.folders[folder])) == 1
    undo = Act("act-1", name, asked.external_id, "", asked.reply_handle, undo=True, undo_state=receipt.state)
    mailbox().act(undo)
    mailbox().act(undo)
    assert len(shown(imap.inbox)) == 1
    assert shown(imap.folders[folder]) == []


def test_an_act_on_a_mail_that_is_gone_says_so(
    imap: ImapDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    imap.inbox.messages.clear()
    with pytest.raises(Gone):
        mailbox().act(Act("a", ActName.DELETE, asked.external_id, "", asked.reply_handle))
    with pytest.raises(Refused):
        mailbox().act(Act("a", ActName.BLOCK, asked.external_id, "", asked.reply_handle))
    del imap.folders["Trash"]
    with pytest.raises(NeedsPerson, match="create one called Trash"):
        mailbox().act(Act("a", ActName.DELETE, asked.external_id, "", asked.reply_handle))


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "no address"},
        {"imap_host": "mail server"},
        {"imap_host": "h\r\nx"},
        {"imap_port": 0},
        {"smtp_security": "maybe"},
        {"password": "a\r\nLOGOUT"},
        {"folder": "IN\r\nBOX"},
        {"unknown": "x"},
    ],
)
def test_settings_that_cannot_be_right_are_refused(mailbox: Callable[..., Email], changes: Any) -> None:
    with pytest.raises(ValidationError):
        mailbox(**changes)


def test_a_quarantined_mail_can_be_read_again(mailbox: Callable[..., Email]) -> None:
    assert mailbox().parse_raw(written(1).decode()).text == "Hello"
    with pytest.raises(ValueError):
        mailbox().parse_raw("still no mail")


def test_the_beginning_of_a_mail_is_not_taken_for_the_mail(mailbox: Callable[..., Email]) -> None:
    for raw in ("From: fan@fan.test\nSubject: Big\n\n", written(1, "x" * email_poll.RAW_KEPT).decode()):
        with pytest.raises(ValueError, match="Only the beginning"):
            mailbox().parse_raw(raw)


def test_an_answer_too_long_does_not_leave(
    smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    with pytest.raises(Refused, match="100001 characters"):
        mailbox().send(reply_to(asked, text="x" * 100_001))
    assert smtp.heard == []
