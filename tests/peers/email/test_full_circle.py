"""A fan's mail goes through the whole house and the answer lies in the fan's real mailbox, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox.clock import now
from inbox.connectors.contract import ActName
from inbox.connectors.email import Email
from inbox.conversations.models import Direction
from inbox.database import Database
from inbox.outbox.models import DeliveryKind, DeliveryState
from inbox.outbox.queue import queue_delivery
from tests.peers.email.mail_server import PASSWORD, MailServer
from tests.peers.email.test_mailbox import all_of, written
from tests.peers.house import House

pytestmark = pytest.mark.peers


@pytest.fixture
def house(database: Database, valkey_url: str, processes: None) -> House:
    """An inbox without a channel, once on each database."""
    return House(database)


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    """A letter that keeps the mailboxes of the two databases apart."""
    return "s" if "sqlite" in request.node.name else "p"


@pytest.fixture
def connected(house: House, mail_server: MailServer) -> Callable[[str], House]:
    """`connected(address)` is a house that listens to that mailbox."""

    def to(address: str) -> House:
        house.connect(
            "email",
            address=address,
            imap_host="127.0.0.1",
            imap_port=str(mail_server.imap_port),
            imap_security="none",
            password=PASSWORD,
            smtp_host="127.0.0.1",
            smtp_port=str(mail_server.smtp_port),
            smtp_security="none",
        )
        return house

    return to


def test_a_question_is_answered_and_the_talk_goes_on(
    connected: Callable[[str], House],
    mail_server: MailServer,
    mailbox: Callable[..., Email],
    mark: str,
    eventually: Callable[..., Any],
) -> None:
    brand, fan = f"{mark}circle@brand.test", f"{mark}circle@fan.test"
    mail_server.deliver(written("Wo ist es?", brand, sender=f"Fan <{fan}>", key=f"{mark}circle"), fan, brand)
    house = connected(brand)
    question = house.received(f"{mark}circle@fan.test")
    answer = house.done(house.reply(f"{mark}circle@fan.test", "Unterwegs!").id)
    (got,) = eventually(lambda: all_of(mailbox(fan))[0])
    assert (got.text, got.thread_id) == ("Unterwegs!", f"{mark}circle@fan.test")
    assert got.external_id == answer.external_id

    # The answer to the answer joins the conversation; our own mail coming back is not stored again.
    mail_server.deliver(f"From: {brand}\nMessage-ID: <{got.external_id}>\n\nUnterwegs!\n".encode(), brand, brand)
    back = written(
        "Re: Wo ist es?", brand, sender=fan, key=f"{mark}back", text="Danke!", In_Reply_To=f"<{got.external_id}>"
    )
    mail_server.deliver(back, fan, brand)
    assert house.received(f"{mark}back@fan.test").conversation_id == question.conversation_id
    eventually(lambda: house.poll() or (house.stream("inbox").cursor or {}).get("uid") == 3, every=0.3)
    assert [message.external_id for message in house.messages(Direction.OUT)] == [answer.external_id]
    assert house.conversation_of(f"{mark}back@fan.test").message_count == 3
    assert house.is_balanced()


def test_an_answer_that_comes_back_fails_and_its_person_waits_again(
    connected: Callable[[str], House], mail_server: MailServer, mark: str, eventually: Callable[..., Any]
) -> None:
    brand, key = f"{mark}bounce@brand.test", f"{mark}bounce@fan.test"
    # Postfix takes mail for every name; Dovecot, to which it gives it, knows none with an exclamation mark.
    gone = f"gone!{mark}@fan.test"
    mail_server.deliver(written("Wo ist es?", brand, sender=gone, key=f"{mark}bounce"), f"{mark}@fan.test", brand)
    house = connected(brand)
    question = house.received(key)
    waited = house.conversation_of(key).waiting_since
    answer = house.done(house.reply(key, "Unterwegs!").id)
    assert house.conversation_of(key).waiting_since is None

    came_back = eventually(lambda: house.poll() or house.confirmed(answer), every=0.3)
    assert came_back.state == DeliveryState.FAILED
    assert str(came_back.last_error).startswith("The mail came back: there is no such mailbox (550 5.1.1")
    assert house.conversation_of(key).waiting_since == waited
    notice = house.messages()[-1]
    assert (notice.is_automatic, notice.conversation_id) == (True, question.conversation_id)

    # Sent again it is another mail, which comes back as well.
    first = came_back.external_id
    again = house.again(answer)
    assert again.state == DeliveryState.SENT
    assert again.external_id != first
    assert mail_server.lies_in(brand, "Sent") == [first, again.external_id]
    assert eventually(lambda: house.poll() or house.confirmed(again), every=0.3).state == DeliveryState.FAILED
    assert house.is_balanced()


@pytest.mark.parametrize(("name", "folder"), [(ActName.MARK_SPAM, "Junk"), (ActName.DELETE, "Trash")])
def test_what_is_put_away_here_lies_in_that_folder_until_it_is_undone(
    connected: Callable[[str], House],
    mail_server: MailServer,
    mark: str,
    name: ActName,
    folder: str,
) -> None:
    brand, fan = f"{mark}{folder}@brand.test".lower(), f"{mark}{folder}@fan.test".lower()
    mail_server.deliver(written("Cheap watches", brand, sender=fan, key=f"{mark}{folder}"), fan, brand)
    house, key = connected(brand), f"{mark}{folder}@fan.test"
    house.received(key)
    done = house.act(key, name)
    assert (mail_server.lies_in(brand, "INBOX"), mail_server.lies_in(brand, folder)) == ([], [key])
    house.poll()
    assert (bool(house.stored(key).hidden_at), bool(house.stored(key).text)) == (True, True)
    house.undo(done)
    assert (mail_server.lies_in(brand, "INBOX"), mail_server.lies_in(brand, folder)) == ([key], [])
    house.poll()
    assert (house.stored(key).hidden_at, bool(house.stored(key).text)) == (None, True)
    assert len(house.messages()) == 1


def test_a_notice_leaves_through_the_first_mailbox(
    connected: Callable[[str], House], mailbox: Callable[..., Email], mark: str, eventually: Callable[..., Any]
) -> None:
    house, reader = connected(f"notice{mark}@brand.test"), f"reader{mark}@fan.test"
    payload = {
        "to": reader,
        "subject": "Wochenbericht",
        "text": "Text",
        "html": "<p>Bericht</p>",
        "headers": {"X-A": "b"},
    }
    with house.database.writing() as session:
        notice = queue_delivery(session, key="notice-1", kind=DeliveryKind.MAIL, payload=payload, not_before=now()).id
    assert house.leave(notice).state == DeliveryState.SENT
    (got,) = eventually(lambda: all_of(mailbox(reader))[0])
    assert (got.subject, got.text, got.author and got.author.external_id) == (
        "Wochenbericht",
        "Text",
        f"notice{mark}@brand.test",
    )
