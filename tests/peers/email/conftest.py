"""What the tests against a real mail server can ask for."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from inbox.connectors.contract import Surroundings
from inbox.connectors.email import Email, EmailSetup
from tests.peers.email.mail_server import PASSWORD, MailServer, NoMailServer, running_mail_server


class Forgetful:
    """The memory of a connection that needs none."""

    def load(self) -> dict[str, Any]:
        return {}

    def save(self, state: Any) -> None:
        raise AssertionError("a mailbox keeps no state")


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """Postfix and Dovecot for this session; skips with the reason where they cannot run."""
    try:
        with running_mail_server() as server:
            yield server
    except NoMailServer as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def old_mail_server() -> Iterator[MailServer]:
    """The same, with the habits of a mail server of twenty years ago."""
    try:
        with running_mail_server(old=True) as server:
            yield server
    except NoMailServer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def mailbox(mail_server: MailServer) -> Callable[..., Email]:
    """`mailbox("support@brand.test")` is a connector for that address."""

    def opened(address: str, **changes: Any) -> Email:
        values = {
            "address": address,
            "imap_host": "127.0.0.1",
            "imap_port": mail_server.imap_port,
            "imap_security": "none",
            "password": PASSWORD,
            "smtp_host": "127.0.0.1",
            "smtp_port": mail_server.smtp_port,
            "smtp_security": "none",
        }
        return Email(EmailSetup(**(values | changes)), Surroundings(memory=Forgetful(), allow_private_addresses=True))

    return opened
