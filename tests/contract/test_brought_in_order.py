"""The same promises for what lies in order, a mailbox and a file: all of it, once, and one bad item never blocks the rest."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inbox.connectors.contract import Batch, ChannelConnector, Surroundings
from inbox.connectors.registry import channel_connector
from tests.contract.stages import Remembering
from tests.unit.connectors.imap_server import PASSWORD, ImapDouble, running_imap

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings" / "email"
NAMES = [
    "outlook_german",
    "gmail_reply",
    "apple_mail",
    "mailing_list",
    "away",
    "html_only",
    "attachments",
    "lying_charset",
]
MAILS = [(RECORDINGS / f"{name}.eml").read_bytes() for name in NAMES]
BAD = b"neither a mail nor a row\n"
ARRIVED = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


class Shelf(ABC):
    """Something with items in an order, to which more can be added."""

    stream: str

    @abstractmethod
    def add(self, mail: bytes, arrived_at: datetime = ARRIVED) -> None: ...

    @abstractmethod
    def connector(self) -> ChannelConnector: ...


class MailShelf(Shelf):
    stream = "inbox"

    def __init__(self, double: ImapDouble) -> None:
        self.double = double

    def add(self, mail: bytes, arrived_at: datetime = ARRIVED) -> None:
        self.double.inbox.add(mail, arrived_at)

    def connector(self) -> ChannelConnector:
        kind = channel_connector("email")
        settings = {
            "address": "support@brand.test",
            "imap_host": "127.0.0.1",
            "imap_port": self.double.port,
            "imap_security": "none",
            "password": PASSWORD,
            "smtp_host": "127.0.0.1",
        }
        return kind(kind.setup(**settings), Surroundings(Remembering(), allow_private_addresses=True))


class FileShelf(Shelf):
    def __init__(self, path: Path) -> None:
        self.path, self.stream = path, str(path)
        path.touch()

    def add(self, mail: bytes, arrived_at: datetime = ARRIVED) -> None:
        with self.path.open("ab") as file:
            file.write(f"From x {arrived_at:%a %b %d %H:%M:%S %Y}\n".encode() + mail + b"\n\n")

    def connector(self) -> ChannelConnector:
        kind = channel_connector("file")
        return kind(kind.setup(), Surroundings(Remembering()))


@contextmanager
def shelved(kind: str, folder: Path) -> Iterator[Shelf]:
    if kind == "file":
        yield FileShelf(folder / "old.mbox")
        return
    with running_imap() as double:
        yield MailShelf(double)


@pytest.fixture(params=["email", "file"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    with shelved(request.param, tmp_path) as filled:
        for mail in MAILS:
            filled.add(mail)
        yield filled


def poll(shelf: Shelf, cursor: Any = None, since: datetime | None = None) -> list[Batch]:
    """Every batch of one poll; cursors must survive the database."""
    return list(shelf.connector().poll(shelf.stream, json.loads(json.dumps(cursor)), since))


def names(batches: list[Batch]) -> list[str]:
    return [message.external_id for batch in batches for message in batch.messages]


def test_everything_comes_once_in_order_and_is_accounted_for(shelf: Shelf) -> None:
    batches = poll(shelf)
    assert len(names(batches)) == len(set(names(batches))) == len(MAILS)
    assert sum(batch.fetched for batch in batches) == len(MAILS)
    assert names(batches)[0] == "DB9PR01MB7777AA@EXCH01.firma.test"


def test_messages_say_what_an_answer_needs(shelf: Shelf) -> None:
    for message in (message for batch in poll(shelf) for message in batch.messages):
        assert message.text
        assert message.thread_id
        assert message.author is not None
        assert message.reply_handle["from"] == message.author.external_id
        json.dumps(dict(message.reply_handle))


def test_a_second_poll_brings_nothing_new(shelf: Shelf) -> None:
    cursor = poll(shelf)[-1].cursor
    assert sum(batch.fetched for batch in poll(shelf, cursor)) == 0


def test_the_same_item_has_the_same_id_whoever_brings_it(tmp_path: Path) -> None:
    found = []
    for kind in ("email", "file"):
        with shelved(kind, tmp_path) as shelf:
            for mail in MAILS:
                shelf.add(mail)
            found.append([(m.external_id, m.thread_id, m.text) for batch in poll(shelf) for m in batch.messages])
    assert found[0] == found[1]


def test_a_bad_item_is_set_aside_and_the_others_go_on(shelf: Shelf) -> None:
    shelf.add(BAD)
    shelf.add(MAILS[0].replace(b"DB9PR01MB7777AA", b"after"))
    batches = poll(shelf)
    (bad,) = (entry for batch in batches for entry in batch.bad)
    assert bad.reason
    assert "neither a mail" in bad.raw
    assert names(batches)[-1] == "after@EXCH01.firma.test"
    assert sum(batch.fetched for batch in batches) == len(MAILS) + 2


def test_an_author_may_be_missing(shelf: Shelf) -> None:
    shelf.add(b"Subject: nobody\nMessage-ID: <nobody@x.test>\n\nWho am I?\n")
    last = poll(shelf)[-1 if isinstance(shelf, FileShelf) else 0].messages[-1]
    assert (last.external_id, last.author) == ("nobody@x.test", None)


@pytest.mark.parametrize("lie", ["", "gestern", "Mon, 99 Foo 9999 99:99:99", "Thu, 01 Jan 1601 00:00:00 +0000"])
def test_a_date_that_lies_is_no_reason_to_lose_the_words(shelf: Shelf, lie: str) -> None:
    shelf.add(f"From: a@b.test\nMessage-ID: <lie@x.test>\nDate: {lie}\n\nWords\n".encode())
    assert names(poll(shelf))[-1] == "lie@x.test"


def test_what_is_older_than_the_wanted_past_is_left_out(shelf: Shelf) -> None:
    old = MAILS[0].replace(b"DB9PR01MB7777AA", b"old").replace(b"12 Nov 2026", b"12 Nov 2025")
    shelf.add(old, ARRIVED - timedelta(days=365))
    found = names(poll(shelf, since=datetime(2026, 11, 1, tzinfo=UTC)))
    assert "old@EXCH01.firma.test" not in found
    assert len(found) == len(MAILS)


@pytest.mark.parametrize(
    "cursor", [{"v": 0, "page": 7}, {"last": 12}, {"uidvalidity": [], "uid": {}}, {"bytes": None, "size": "x"}]
)
def test_a_cursor_of_another_version_starts_anew(shelf: Shelf, cursor: Any) -> None:
    assert len(names(poll(shelf, cursor))) == len(MAILS)


def test_a_poll_that_is_killed_half_way_leaves_no_gap(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.connectors.email_poll.BATCH_MESSAGES", 3)
    monkeypatch.setattr("inbox.connectors.file.BATCH_ITEMS", 3)
    whole = names(poll(shelf))
    walk = shelf.connector().poll(shelf.stream, None, None)
    stored = [next(walk)]  # type: ignore[call-overload]
    walk.close()  # type: ignore[attr-defined]
    assert names(stored) + names(poll(shelf, stored[-1].cursor)) == whole
