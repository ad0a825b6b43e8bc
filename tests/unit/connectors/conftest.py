"""Servers of this process, and mailboxes on them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from inbox.channels.open import NoMemory
from inbox.connectors.contract import IncomingMessage, Surroundings
from inbox.connectors.email import Email, EmailSetup
from tests.unit.connectors.imap_server import PASSWORD, ImapDouble, running_imap
from tests.unit.connectors.mails import polled, written
from tests.unit.connectors.smtp_server import SmtpDouble, running_smtp


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


@pytest.fixture
def asked(imap: ImapDouble, mailbox: Callable[..., Email]) -> IncomingMessage:
    imap.inbox.add(written(1, headers="References: <root@fan.test>\n"))
    batches, _ = polled(mailbox())
    return batches[0].messages[0]
