from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from inbox.connectors import email_poll
from inbox.connectors.contract import (
    Act,
    ActName,
    Gone,
    IncomingMessage,
    NeedsPerson,
    Passing,
    Refused,
)
from inbox.connectors.email import Email
from tests.unit.connectors.imap_server import ImapDouble
from tests.unit.connectors.mails import shown, written
from tests.unit.connectors.smtp_server import SmtpDouble


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
    assert mailbox().reread(written(1).decode()).messages[0].text == "Hello"
    with pytest.raises(ValueError):
        mailbox().reread("still no mail")


def test_the_beginning_of_a_mail_is_not_taken_for_the_mail(mailbox: Callable[..., Email]) -> None:
    for raw in ("From: fan@fan.test\nSubject: Big\n\n", written(1, "x" * email_poll.RAW_KEPT).decode()):
        with pytest.raises(ValueError, match="Only the beginning"):
            mailbox().reread(raw)
