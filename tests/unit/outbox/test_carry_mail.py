"""Mails leave through the server of the settings, or else through the first e-mail channel that works."""

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from inbox.channels.models import ChannelState
from inbox.config import Settings, load_settings
from inbox.connectors.contract import NeedsPerson
from inbox.database import Database
from inbox.outbox.attempt import attempt
from inbox.outbox.carry_mail import carry_mail
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.open_carriers import open_carriers
from inbox.outbox.queue import queue_delivery
from inbox.outbox.settle import settle
from inbox.vault import open_vault
from tests.making import make_channel
from tests.outgoing import claim_next

MAIL = {
    "to": "reader@example.org",
    "subject": "Woche 47 – drei Ideen",
    "text": "Hallo",
    "html": "<p>Hallo</p>",
    "headers": {"List-Unsubscribe": "<https://trellis.example/u>"},
    "images": [["chart", "image/png", "iVBORw0KGgo="]],
}


class Mailbox:
    """Keeps what a mail server was given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.senders: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.senders.append(envelope.mail_from)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    kept = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        kept,
        hostname="127.0.0.1",
        port=port,
        authenticator=lambda *_: AuthResult(success=True),
        auth_require_tls=False,
    )
    controller.start()
    yield kept, port
    controller.stop()


def settings_with(monkeypatch: pytest.MonkeyPatch, port: int, sender: str = "") -> Settings:
    monkeypatch.setenv("TRELLIS_SMTP_URL", f"smtp://127.0.0.1:{port}")
    if sender:
        monkeypatch.setenv("TRELLIS_MAIL_FROM", sender)
    load_settings.cache_clear()
    return load_settings()


def test_a_mail_leaves_whole(mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch) -> None:
    kept, port = mailbox
    receipt = carry_mail("digest-1", MAIL, settings_with(monkeypatch, port, "trellis@example.org"), None)
    [mail] = kept.mails
    assert mail["To"] == "reader@example.org"
    assert mail["Subject"] == "Woche 47 – drei Ideen"
    assert mail["List-Unsubscribe"] == "<https://trellis.example/u>"
    assert mail["Message-ID"].strip("<>") == receipt.external_id
    kinds = [part.get_content_type() for part in mail.walk()]
    assert {"text/plain", "text/html", "image/png"} <= set(kinds)


def test_without_a_sender_or_a_mailbox_a_person_is_asked(
    mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    with pytest.raises(NeedsPerson, match="TRELLIS_SMTP_URL"):
        carry_mail("digest-1", MAIL, settings, None)
    with pytest.raises(NeedsPerson, match="TRELLIS_MAIL_FROM"):
        carry_mail("digest-1", MAIL, settings_with(monkeypatch, mailbox[1]), None)


def test_the_first_working_mailbox_sends(
    mailbox: tuple[Mailbox, int], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, port = mailbox
    monkeypatch.setenv("TRELLIS_ALLOW_PRIVATE_ADDRESSES", "1")
    load_settings.cache_clear()
    vault = open_vault(load_settings())
    with database.writing() as session:
        for name, state in (("broken", ChannelState.BROKEN), ("garden", ChannelState.ACTIVE)):
            setup = {
                "address": f"{name}@example.org",
                "imap_host": "127.0.0.1",
                "smtp_host": "127.0.0.1",
                "smtp_port": port,
                "smtp_security": "none",
            }
            channel = make_channel(session, kind="email", state=state, settings=setup)
            channel.sealed = vault.seal({"password": "secret"}, row=f"channel:{channel.id}")
        number = queue_delivery(session, key="digest-1", kind=DeliveryKind.MAIL, payload=MAIL, subject=("digest", 1)).id
    with database.writing() as session:
        claimed = claim_next(session)
    assert claimed is not None
    outcome = attempt(claimed, open_carriers(load_settings(), database, vault))
    with database.writing() as session:
        settle(session, claimed, outcome)
        delivery = session.get_one(Delivery, number)
        assert (delivery.state, delivery.last_error) == (DeliveryState.SENT, "")
    assert kept.senders == ["garden@example.org"]
