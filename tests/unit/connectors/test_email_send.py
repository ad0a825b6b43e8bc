from collections.abc import Callable

import pytest

from inbox.connectors.contract import (
    IncomingMessage,
    OutcomeUnknown,
    Passing,
    Refused,
)
from inbox.connectors.email import Email
from tests.unit.connectors.imap_server import Folder, ImapDouble
from tests.unit.connectors.mails import reply_to, shown
from tests.unit.connectors.smtp_server import SmtpDouble


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


def test_an_answer_too_long_does_not_leave(
    smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    with pytest.raises(Refused, match="100001 characters"):
        mailbox().send(reply_to(asked, text="x" * 100_001))
    assert smtp.heard == []
