"""Bounces: what a mail server says of a mail of ours becomes a report, whatever else is in it."""

from collections.abc import Callable

import pytest

from inbox.connectors.contract import IncomingMessage, OutcomeUnknown
from inbox.connectors.email import Email
from inbox.connectors.email_bounce import bounced
from inbox.connectors.smtp import message_id
from tests.unit.connectors.imap_server import ImapDouble
from tests.unit.connectors.mails import polled, reply_to, written
from tests.unit.connectors.smtp_server import SmtpDouble

OURS = message_id("delivery-1", "support@brand.test")
FAILED = "Final-Recipient: rfc822; fan@fan.test\nAction: failed\nStatus: {status}\n{more}"
GREETING = "This is the mail system at host mx.brand.test."


def notice(
    told: str = FAILED.format(status="5.1.1", more="Diagnostic-Code: smtp; 550 5.1.1 <fan@fan.test>: User unknown\n"),
    *,
    returned: str = f"Message-ID: <{OURS}>\nSubject: Re: S1\n\nKommt!\n",
    returned_as: str = "message/rfc822",
    kind: str = "multipart/report; report-type=delivery-status",
) -> bytes:
    """A mail server's notice about one recipient."""
    return (
        "From: MAILER-DAEMON@mx.brand.test (Mail Delivery System)\nTo: support@brand.test\n"
        "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        f'Message-ID: <20261121.B1@mx.brand.test>\nContent-Type: {kind}; boundary="b1"\n\n'
        f"--b1\nContent-Type: text/plain\n\n{GREETING}\n\n"
        f"--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.brand.test\n\n{told}\n"
        f"--b1\nContent-Type: {returned_as}\n\n{returned}\n--b1--\n"
    ).encode()


@pytest.mark.parametrize("returned_as", ["message/rfc822", "text/rfc822-headers"])
def test_a_mail_that_came_back_is_failed_with_what_its_server_said(returned_as: str) -> None:
    report = bounced(notice(returned_as=returned_as))
    assert report
    assert (report.external_id, report.has_arrived) == (OURS, False)
    assert str(report.reason) == (
        "The mail came back: there is no such mailbox (550 5.1.1 <fan@fan.test>: User unknown)"
    )


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.2.2", "", "The mail came back: the mailbox is full (5.2.2)"),
        ("4.4.7", "", "The mail came back: it could not be delivered in time (4.4.7)"),
        ("5.0.0", "X-Postfix; nothing leaves this machine", "The mail came back: nothing leaves this machine"),
        ("5.9.9", "", "The mail came back: 5.9.9"),
        ("", "", "The mail came back: its server does not say why"),
        ("5.1.1 (x)", "smtp; =?utf-8?q?f=C3=BCr_Sie?=", "The mail came back: there is no such mailbox (für Sie)"),
    ],
)
def test_the_reason_is_told_as_far_as_the_server_tells_it(status: str, diagnostic: str, reason: str) -> None:
    more = f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    report = bounced(notice(FAILED.format(status=status, more=more)))
    assert report
    assert str(report.reason) == reason


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded", "", "FAILEDX"])
def test_what_is_not_over_yet_says_nothing(action: str) -> None:
    assert bounced(notice(f"Final-Recipient: rfc822; fan@fan.test\nAction: {action}\nStatus: 4.4.1\n")) is None


@pytest.mark.parametrize("action", ["delivered", " DELIVERED ; really"])
def test_a_mail_that_arrived_is_told(action: str) -> None:
    report = bounced(notice(f"Final-Recipient: rfc822; fan@fan.test\nAction: {action}\nStatus: 2.1.5\n"))
    assert report
    assert report.has_arrived


@pytest.mark.parametrize(
    "mail",
    [
        notice(returned="Message-ID: <somebody@else.test>\n\nHi\n"),
        notice(returned="Subject: no id\n\nHi\n"),
        notice(returned=f"In-Reply-To: <{OURS}>\nMessage-ID: <somebody@else.test>\n\nHi\n"),
        notice(returned_as="text/plain"),
        notice(returned_as="application/octet-stream"),
        notice(kind="multipart/mixed"),
        notice().replace(b"message/delivery-status", b"message/disposition-notification"),
        notice().replace(b"multipart/report", b"text/plain"),
        notice("Action: \xff\n" * 5_000),
        notice(returned="Message-ID: \xff\n\n"),
        notice().replace(b"--b1", b"--b2"),
        notice()[:400],
        notice(returned="Content-Type: message/rfc822\n\n" * 3_000),
        b"Content-Type: multipart/report; boundary=\n\n",
        written(1),
        b"",
    ],
)
def test_what_is_about_no_mail_of_ours_says_nothing(mail: bytes) -> None:
    assert bounced(mail) is None


def test_a_notice_with_strange_parameters_says_what_can_be_read() -> None:
    report = bounced(notice().replace(b"message/delivery-status", b"message/delivery-status; charset*=x'y'%FF"))
    assert report
    assert report.external_id == OURS


def test_a_notice_from_the_mailbox_is_a_message_below_the_answer_and_a_report(
    imap: ImapDouble, smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    _, cursor = polled(mailbox())
    sent = mailbox().send(reply_to(asked))
    imap.inbox.add(notice(returned=smtp.mails[-1].decode()))
    imap.inbox.add(written(2))
    (batch,), _ = polled(mailbox(), cursor)
    assert [(report.external_id, report.has_arrived) for report in batch.reports] == [(sent.external_id, False)]
    told, other = batch.messages
    assert (told.is_automatic, told.parent_id, GREETING in told.text) == (True, sent.external_id, True)
    assert (other.parent_id, batch.fetched) == ("", 2)


def test_a_mail_of_which_nobody_knows_whether_it_left_is_known_by_its_id(
    smtp: SmtpDouble, mailbox: Callable[..., Email], asked: IncomingMessage
) -> None:
    smtp.answers["."] = "hang up"
    with pytest.raises(OutcomeUnknown) as raised:
        mailbox().send(reply_to(asked))
    assert raised.value.external_id == OURS
    with pytest.raises(OutcomeUnknown) as raised:
        mailbox().find_sent(reply_to(asked))
    assert raised.value.external_id == OURS
