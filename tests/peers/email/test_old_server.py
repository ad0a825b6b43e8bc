"""A mail server that knows neither MOVE nor special folders nor how to expunge one mail: the same circle, and no mail twice."""

import imaplib

import pytest

from inbox.connectors.contract import ActName
from inbox.conversations.models import Direction
from tests.peers.email.mail_server import PASSWORD, MailServer
from tests.peers.email.test_mailbox import written
from tests.peers.house import House

pytestmark = pytest.mark.peers
FAN = "fan@fan.test"


def connected(house: House, server: MailServer, address: str) -> House:
    """A house that listens to a mailbox on that server."""
    imap = {"imap_host": "127.0.0.1", "imap_port": str(server.imap_port), "imap_security": "none"}
    smtp = {"smtp_host": "127.0.0.1", "smtp_port": str(server.smtp_port), "smtp_security": "none"}
    house.connect("email", address=address, password=PASSWORD, **imap, **smtp)
    return house


def test_it_is_as_old_as_it_claims(old_mail_server: MailServer) -> None:
    with imaplib.IMAP4("127.0.0.1", old_mail_server.imap_port, timeout=10) as line:
        line.login("anybody@brand.test", PASSWORD)
        told = b" ".join(line.capability()[1]).split()
        folders = b" ".join(folder for folder in line.list()[1] if isinstance(folder, bytes))
    assert not {b"MOVE", b"UIDPLUS", b"SPECIAL-USE"} & set(told)
    assert b"\\Junk" not in folders
    assert b"INBOX.Junk" in folders


@pytest.mark.parametrize(("name", "folder"), [(ActName.MARK_SPAM, "INBOX.Junk"), (ActName.DELETE, "INBOX.Trash")])
def test_what_is_put_away_and_back_is_never_there_twice(
    house: House, old_mail_server: MailServer, name: ActName, folder: str
) -> None:
    brand, key = f"{name}@brand.test", f"{name}-old@fan.test"
    old_mail_server.deliver(written("Cheap watches", brand, sender=FAN, key=f"{name}-old"), FAN, brand)
    connected(house, old_mail_server, brand)
    house.received(key)
    for _ in range(2):
        done = house.act(key, name)
        assert (old_mail_server.lies_in(brand, "INBOX"), old_mail_server.lies_in(brand, folder)) == ([], [key])
        house.undo(done)
        assert (old_mail_server.lies_in(brand, "INBOX"), old_mail_server.lies_in(brand, folder)) == ([key], [])
    house.poll()
    assert (len(house.messages()), house.stored(key).hidden_at) == (1, None)
    assert house.is_balanced()


def test_an_answer_has_its_copy_among_what_was_sent(house: House, old_mail_server: MailServer) -> None:
    brand, key = "copy@brand.test", "copy-old@fan.test"
    old_mail_server.deliver(written("Wo ist es?", brand, sender=FAN, key="copy-old"), FAN, brand)
    connected(house, old_mail_server, brand)
    house.received(key)
    answer = house.done(house.reply(key, "Unterwegs!").id)
    assert old_mail_server.lies_in(brand, "INBOX.Sent") == [answer.external_id]
    house.poll()
    assert [each.external_id for each in house.messages(Direction.OUT)] == [answer.external_id]
