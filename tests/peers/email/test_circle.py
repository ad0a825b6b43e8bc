"""A fan's mail goes through the whole house and the answer lies in the fan's real mailbox: poll, reply, outbox, poll."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.channels.check import check
from inbox.channels.connect import connect
from inbox.channels.models import Channel, Stream
from inbox.channels.setup import read_setup
from inbox.clock import now
from inbox.config import load_settings
from inbox.connectors.email import Email
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.queue import queue_delivery
from inbox.vault import open_vault
from tests.conftest import forget_settings
from tests.making import make_teammate
from tests.peers.email.mail_server import PASSWORD, MailServer
from tests.peers.email.test_mailbox import all_of, written
from workers.poll import poll
from workers.send import send

pytestmark = pytest.mark.peers
BRAND, FAN = "circle@brand.test", "circle@fan.test"


@pytest.fixture(autouse=True)
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The processes of this test, in this process; private addresses are allowed, as in an intranet."""
    monkeypatch.setenv("TRELLIS_ALLOW_PRIVATE_ADDRESSES", "true")
    forget_settings()
    yield
    forget_settings()


def connected(database: Database, server: MailServer, address: str) -> int:
    settings = load_settings()
    values = {
        "address": address,
        "imap_host": "127.0.0.1",
        "imap_port": str(server.imap_port),
        "imap_security": "none",
        "password": PASSWORD,
        "smtp_host": "127.0.0.1",
        "smtp_port": str(server.smtp_port),
        "smtp_security": "none",
    }
    setup = read_setup("email", values)
    checked = check("email", setup, settings)
    with database.writing() as session:
        return connect(session, open_vault(settings), settings, "email", address, setup, checked).id


def poll_now(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(Stream).values(due_at=now()))
    poll(patience=30)


def test_an_answer_from_the_inbox_lies_in_the_fans_mailbox(
    mail_server: MailServer,
    mailbox: Callable[..., Email],
    database: Database,
    request: pytest.FixtureRequest,
    eventually: Callable[..., Any],
) -> None:
    mark = "s" if "sqlite" in request.node.name else "p"
    brand, fan = mark + BRAND, mark + FAN
    mail_server.deliver(written("Wo ist es?", brand, sender=f"Fan <{fan}>", key=f"{mark}circle"), fan, brand)
    channel_id = connected(database, mail_server, brand)

    def arrived() -> Message | None:
        poll_now(database)
        with database.reading() as session:
            return session.scalar(sa.select(Message).where(Message.channel_id == channel_id))

    eventually(arrived, every=0.3)
    with database.writing() as session:
        conversation = session.scalars(sa.select(Conversation)).one()
        author = make_teammate(session)
        reply(session, conversation, text="Unterwegs!", by=author, seen_version=conversation.version, undo_seconds=0)
    assert send() == 1
    (got,) = eventually(lambda: all_of(mailbox(fan))[0])
    assert got.text == "Unterwegs!"
    assert got.thread_id == f"{mark}circle@fan.test"

    with database.reading() as session:
        delivery = session.scalars(sa.select(Delivery)).one()
        assert (delivery.state, delivery.external_id) == (DeliveryState.SENT, got.external_id)
        assert (
            session.scalars(sa.select(Message.external_id).where(Message.direction == Direction.OUT)).one()
            == got.external_id
        )

    # The answer to the answer joins the conversation; our own mail coming back is not stored again.
    back = written(
        "Re: Wo ist es?", brand, sender=fan, key=f"{mark}back", text="Danke!", In_Reply_To=f"<{got.external_id}>"
    )
    mail_server.deliver(back, fan, brand)
    with database.reading() as session:
        copy = session.scalars(sa.select(Message).where(Message.direction == Direction.OUT)).one()
    mail_server.deliver(f"From: {brand}\nMessage-ID: <{copy.external_id}>\n\nUnterwegs!\n".encode(), brand, brand)

    def both() -> bool:
        poll_now(database)
        with database.reading() as session:
            cursor = session.scalars(sa.select(Stream)).one().cursor or {}
            return bool(cursor.get("uid") == 3)

    eventually(both, every=0.3)
    with database.reading() as session:
        texts = session.scalars(sa.select(Message.text).order_by(Message.posted_at, Message.id)).all()
        assert sorted(texts) == sorted(["Hallo,\n\nwo bleibt mein Päckchen?", "Unterwegs!", "Danke!"])
        assert session.scalars(sa.select(Conversation)).one().message_count == 3


def test_a_notice_leaves_through_the_first_mailbox(
    mail_server: MailServer,
    mailbox: Callable[..., Email],
    database: Database,
    request: pytest.FixtureRequest,
    eventually: Callable[..., Any],
) -> None:
    mark = "s" if "sqlite" in request.node.name else "p"
    connected(database, mail_server, f"notice{mark}@brand.test")
    reader = f"reader{mark}@fan.test"
    payload = {
        "to": reader,
        "subject": "Wochenbericht",
        "text": "Text",
        "html": "<p>Bericht</p>",
        "headers": {"X-A": "b"},
    }
    with database.writing() as session:
        queue_delivery(
            session, key="notice-1", kind=DeliveryKind.MAIL, payload=payload, not_before=now() - timedelta(seconds=1)
        )
    assert send() == 1
    (got,) = eventually(lambda: all_of(mailbox(reader))[0])
    assert (got.subject, got.text, got.author and got.author.external_id) == (
        "Wochenbericht",
        "Text",
        f"notice{mark}@brand.test",
    )
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Channel)) == 1
