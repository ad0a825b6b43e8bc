"""The whole circle against real servers: a fan writes, we read, answer, find the answer again, and put mail away."""

import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from imap_tools import MailBoxUnencrypted

from inbox.channels.models import Channel
from inbox.connectors.contract import Act, ActName, IncomingMessage, NeedsPerson, OutgoingReply, Refused
from inbox.connectors.email import Email
from inbox.conversations.attach import attach
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from tests.peers.email.mail_server import PASSWORD, MailServer

pytestmark = pytest.mark.peers
Opened = Callable[..., Email]


@pytest.fixture
def brand(request: pytest.FixtureRequest) -> str:
    """An address of this test's own, so that no test sees another's mail."""
    return f"support{abs(hash(request.node.nodeid)) % 10**8}@brand.test"


def written(
    subject: str, to: str, *, sender: str = "Änna Fan <fan@fan.test>", key: str = "", text: str = "", **headers: str
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{key or time.time_ns()}@fan.test>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text or "Hallo,\n\nwo bleibt mein Päckchen?\n\n-- \nÄnna")
    return mail


def all_of(box: Email, cursor: Any = None) -> tuple[list[IncomingMessage], Any]:
    messages = []
    for batch in box.poll("inbox", cursor, None):
        messages += batch.messages
        cursor = batch.cursor
    return messages, cursor


def reply_to(message: IncomingMessage, key: str, text: str = "Es ist unterwegs.\n.\nGrüße 👋") -> OutgoingReply:
    return OutgoingReply(key, text, message.thread_id, message.external_id, message.reply_handle)


def test_a_fan_is_answered_in_the_thread_and_writes_back(
    mail_server: MailServer, mailbox: Opened, brand: str, eventually: Callable[..., Any]
) -> None:
    fan = brand.replace("support", "fan").replace("brand.test", "fan.test")
    mail_server.deliver(written("Wo ist mein Päckchen?", brand, sender=f"Änna <{fan}>", key=brand), fan, brand)
    box, fans = mailbox(brand, sender_name="Brand"), mailbox(fan)
    (asked,), cursor = eventually(lambda: all_of(box) if all_of(box)[0] else None)
    assert asked.text == "Hallo,\n\nwo bleibt mein Päckchen?"
    assert asked.author is not None
    assert asked.author.name == "Änna"
    assert box.check().latest[0].external_id == asked.external_id

    answer = reply_to(asked, f"key-{brand}")
    assert box.find_sent(answer) is None
    receipt = box.send(answer)
    assert box.find_sent(answer) == receipt
    assert box.send(answer) == receipt

    (got,) = eventually(lambda: all_of(fans)[0])
    assert got.text == answer.text
    assert got.external_id == receipt.external_id
    assert got.thread_id == asked.thread_id
    assert got.subject == "Re: Wo ist mein Päckchen?"

    back = reply_to(got, f"back-{brand}", "Danke!")
    fans.send(back)
    (second,), _ = eventually(lambda: all_of(box, cursor) if all_of(box, cursor)[0] else None)
    assert second.thread_id == asked.thread_id
    assert second.parent_id == receipt.external_id
    assert all_of(fans)[0] == [got]


def test_a_renumbered_folder_stores_nothing_twice(
    mail_server: MailServer,
    mailbox: Opened,
    brand: str,
    database: Database,
    data_dir: Path,
    eventually: Callable[..., Any],
) -> None:
    for number in range(3):
        mail_server.deliver(written(f"Frage {number}", brand, key=f"{number}-{brand}"), "fan@fan.test", brand)
    box = mailbox(brand, folder="Queue")
    with MailBoxUnencrypted("127.0.0.1", mail_server.imap_port).login(brand, PASSWORD) as direct:
        direct.folder.create("Queue")
        eventually(lambda: len(direct.uids()) == 3)
        direct.copy(direct.uids(), "Queue")
    with database.writing() as session:
        channel = Channel(kind="email", name="Support")
        session.add(channel)
    cursor = None

    def store() -> int:
        nonlocal cursor
        stored = 0
        for batch in box.poll("inbox", cursor, None):
            with database.writing() as session:
                counts = ingest(
                    session, session.get_one(Channel, channel.id), "inbox", attach(data_dir / "files", batch)
                )
            stored, cursor = stored + counts.stored, batch.cursor
        return stored

    assert store() == 3
    assert store() == 0
    validity = cursor["uidvalidity"]  # type: ignore[index]
    with MailBoxUnencrypted("127.0.0.1", mail_server.imap_port).login(brand, PASSWORD) as direct:
        direct.folder.delete("Queue")
        time.sleep(1.1)  # Dovecot numbers folders by the second
        direct.folder.create("Queue")
        mail_server.deliver(written("Neu", brand, key=f"new-{brand}"), "fan@fan.test", brand)
        eventually(lambda: len(direct.uids()) == 4)
        direct.copy(direct.uids(), "Queue")
    assert store() == 1
    assert cursor["uidvalidity"] != validity  # type: ignore[index]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 4
        assert session.scalar(sa.select(sa.func.count()).select_from(Conversation)) == 4


@pytest.mark.parametrize(("name", "folder"), [(ActName.MARK_SPAM, "Junk"), (ActName.DELETE, "Trash")])
def test_mail_is_put_away_and_brought_back(
    mail_server: MailServer, mailbox: Opened, brand: str, eventually: Callable[..., Any], name: ActName, folder: str
) -> None:
    mail_server.deliver(written("Gewonnen", brand), "spam@fan.test", brand)
    box, away = mailbox(brand), mailbox(brand, folder=folder)
    (spam,) = eventually(lambda: all_of(box)[0])
    act = Act("act", name, spam.external_id, "", spam.reply_handle)
    receipt = box.act(act)
    assert box.act(act) == receipt
    assert all_of(box)[0] == []
    assert [message.external_id for message in all_of(away)[0]] == [spam.external_id]
    undo = Act("act", name, spam.external_id, "", spam.reply_handle, undo=True, undo_state=receipt.state)
    box.act(undo)
    box.act(undo)
    assert [message.external_id for message in all_of(box)[0]] == [spam.external_id]
    assert all_of(away)[0] == []


def test_looking_leaves_mail_unread(
    mail_server: MailServer, mailbox: Opened, brand: str, eventually: Callable[..., Any]
) -> None:
    mail_server.deliver(written("Ungelesen", brand), "fan@fan.test", brand)
    eventually(lambda: all_of(mailbox(brand))[0])
    mailbox(brand).check()
    with MailBoxUnencrypted("127.0.0.1", mail_server.imap_port).login(brand, PASSWORD) as direct:
        assert [mail.flags for mail in direct.fetch(mark_seen=False)] in ([()], [("\\Recent",)])


def test_an_answer_that_the_server_refuses_leaves_nothing_behind(mailbox: Opened, brand: str) -> None:
    answer = OutgoingReply(f"key-{brand}", "Hallo", "t", "p", {"from": "x@elsewhere.example", "subject": "Hi"})
    with pytest.raises(Refused, match="nothing leaves this machine"):
        mailbox(brand).send(answer)
    assert mailbox(brand).find_sent(answer) is None
    assert all_of(mailbox(brand, folder="Sent"))[0] == []


def test_wrong_credentials_are_a_matter_for_a_person(mailbox: Opened, brand: str) -> None:
    for changes in ({"password": "wrong"}, {"smtp_password": "wrong"}):
        with pytest.raises(NeedsPerson, match="user name and password"):
            mailbox(brand, **changes).check()


def test_a_full_mailbox_is_read_in_batches(
    mail_server: MailServer, mailbox: Opened, brand: str, eventually: Callable[..., Any]
) -> None:
    with MailBoxUnencrypted("127.0.0.1", mail_server.imap_port).login(brand, PASSWORD) as direct:
        for number in range(120):
            direct.append(written(f"S{number}", brand, key=f"{number}-{brand}").as_bytes(), "INBOX")
    batches = list(mailbox(brand).poll("inbox", None, None))
    assert sum(len(batch.messages) for batch in batches) == 120
    assert max(len(batch.messages) for batch in batches) == 50
